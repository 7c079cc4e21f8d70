// The root filesystem by hand: layers by their digests, the files that are bound over those of /etc, the overlay.
import { LabError } from '../../base/errors.ts';
import type { TraceEvent } from '../../trace/file.ts';
import type { Blocks } from './blocks.ts';
import { fileVariable, type Names, writtenFiles } from './names.ts';
import type { RunFacts } from './run.ts';
import { word } from './shell.ts';

/** @throws LabError invalidArgument when the trace knows no layer. */
export function imageLines(run: RunFacts, names: Names, blocks: Blocks): string[] {
  const { overlay } = run;
  const resolved = run.events.findLast((event) => event.type === 'daemon.image-resolved') ?? overlay;
  const options = [...otherOptions(overlay), 'lowerdir=$LOWER', 'upperdir=$DIR/upper', 'workdir=$DIR/work'].join(',');
  return [
    '',
    blocks.comment(resolved),
    ...layerLines(run),
    ...writtenFiles(run.events).flatMap((file) => ['', blocks.comment(file.event), fileLine(file, names)]),
    '',
    blocks.comment(overlay),
    'mkdir -p "$ROOTFS" "$DIR/upper" "$DIR/work"',
    `mount -t overlay -o "${options}" overlay "$ROOTFS"`,
    'undo umount "$ROOTFS"',
  ];
}

const otherOptions = (overlay: TraceEvent): string[] =>
  String(overlay.data.options ?? '')
    .split(',')
    .filter((option) => /^\w+(=\w+)?$/.test(option) && !/^(upper|lower|work)dir=/.test(option));

function layerLines({ layers: { digests, folders } }: RunFacts): string[] {
  if (digests.length > 0) {
    const unpacked = digests.map((digest, i) => `unpack ${digest.slice('sha256:'.length)} ${i + 1}`);
    return [...unpacked, `LOWER=${digests.map((_, i) => `$DIR/layers/${digests.length - i}`).join(':')}`];
  }
  if (folders.length === 0) {
    throw new LabError('invalidArgument', 'this trace names no layer of the image: no script can be written from it');
  }
  return [
    '# The trace does not name the layers: the folders of the host that recorded it are used.',
    `LOWER=${folders.map((folder) => word(folder)).join(':')}`,
    ...folders.map((folder) => `[ -d ${word(folder)} ] || die "a layer is gone from this host: "${word(folder)}`),
  ];
}

function fileLine({ name, event }: { name: string; event: TraceEvent }, names: Names): string {
  const variable = `"$${fileVariable(name)}"`;
  const { text } = event.data;
  if (typeof text !== 'string') {
    return `cat ${word(`/etc/${name}`)} > ${variable} # its text is not in this trace: the host's own`;
  }
  const lines = text.replace(/\n$/, '').split('\n');
  return `printf '%s\\n' ${lines.map((line) => word(line, names.substitutions)).join(' \\\n  ')} > ${variable}`;
}
