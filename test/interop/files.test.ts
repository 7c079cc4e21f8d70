// Verbs on files (cp both ways, diff, export): docker's command line against our daemon and against a real dockerd, and tlab's own: the same
// words, statuses and files. Each row is a shell script, run with $D as `docker -H …` or `tlab` and an empty folder of its own; what it prints
// is compared. Needs root, docker.io.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine, tlabProgram } from '../helpers/engine.ts';
import { type RealDocker, startRealDocker } from '../helpers/real-docker.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';
import { newestTrace, readRun } from '../helpers/traced-run.ts';

const needsRoot = root();
let engine: TestEngine;
let real: RealDocker;

before(async () => {
  if (needsRoot.skip !== false) return;
  real = await startRealDocker();
  engine = await startEngine();
  // The very same image on both sides: Debian's docker saves it, we load it.
  await must('sh', ['-c', `docker ${real.host.join(' ')} save busybox | docker ${engine.dockerHost.join(' ')} load`]);
  await Promise.all(sides.map((side) => inside(side(), side().named(setUp(rows.length)), '/')));
});
after(async () => {
  if (needsRoot.skip !== false) return;
  await real?.stop();
  await engine?.stop();
});

/** `cc` runs and `ss` has run; both have, for each row, the same files below a folder that the row knows as /t. */
const setUp = (rows: number): string => `
  make='mkdir -p /1/dir/sub /1/empty; echo one > /1/file; echo two > /1/dir/two; echo three > /1/dir/sub/three
        ln -s dir /1/rel; ln -s ../../../../etc/passwd /up; ln -s /nowhere /1/dangling; chmod 4711 /1/file
        for i in $(seq 2 ${rows}); do cp -a /1 /$i; done; for i in $(seq 1 ${rows}); do ln -s /$i/dir /$i/abs; done; echo v > /vol/v'
  $D run -d --name cc -v vol:/vol busybox sh -c "$make; touch /ready; exec sleep 1000" >/dev/null
  $D run --name ss -v vol:/vol busybox sh -c "$make"
  for i in $(seq 100); do $D exec cc test -e /ready && break; sleep 0.2; done
`;

const both = (script: string): string => `for c in cc ss; do echo "== $c"; ${script}; done`;
/** Names, kinds, modes and contents of the folder. */
const show = `find . -mindepth 1 -printf '%P %y %m %l\\n' | sort; find . -type f -size -4k | sort | xargs -r head -n 3`;

const rows: Array<[title: string, script: string]> = [
  ['a file to a new name', both(`$D cp $c:/t/file new-$c; ${show}`)],
  ['a file over a file', both(`echo old > f; $D cp $c:/t/file f; ${show}`)],
  ['a file into a directory', both(`mkdir -p d$c; $D cp $c:/t/file d$c; ${show}`)],
  ['a file to a missing directory', both('$D cp $c:/t/file missing/; echo $?')],
  ['a directory to a new name', both(`$D cp $c:/t/dir new-$c; ${show}`)],
  ['a directory into a directory', both(`mkdir -p d$c; $D cp $c:/t/dir d$c; ${show}`)],
  ['the content of a directory', both(`mkdir -p d$c; $D cp $c:/t/dir/. d$c; ${show}`)],
  ['the content of a directory to a new name', both(`$D cp $c:/t/dir/. n$c; ${show}`)],
  ['a directory over a file', both('touch f; $D cp $c:/t/dir f; echo $?')],
  ['a symlink itself', both(`$D cp $c:/t/abs l$c; $D cp $c:/t/dangling m$c; ${show}`)],
  ['what a symlink leads to', both(`$D cp -L $c:/t/abs l$c; $D cp -L $c:/t/rel m$c; ${show}`)],
  ['a symlink with a slash behind', both(`mkdir -p d$c; $D cp $c:/t/rel/ d$c; ${show}`)],
  ['through a symlink that climbs', both(`$D cp -L $c:/up l$c; ls -l l$c 2>/dev/null | wc -l`)],
  ['an archive out', both('$D cp $c:/t/dir - | tar -t | sort; $D cp $c:/t/file - | tar -tv | cut -c1-10')],
  ['an archive of the content', both('$D cp $c:/t/dir/. - | tar -t | sort')],
  ['a volume', both(`$D cp $c:/vol/v v$c; ${show}`)],
  ['a missing file', both('$D cp $c:/nope x; echo $?; $D cp x-missing $c:/t; echo $?')],
  ['a missing container', '$D cp nope:/etc/passwd x; echo $?'],
  ['both sides in containers', '$D cp cc:/t/file ss:/t; echo $?; $D cp a b; echo $?'],
  ['a file in, to a new name', both(`echo in > f; $D cp f $c:/t/new; $D cp $c:/t/new n$c; ${show}`)],
  ['a file in, over a file', both(`echo in > f; $D cp f $c:/t/file; $D cp $c:/t/file n$c; ${show}`)],
  ['a file in, to a directory', both(`echo in > f; $D cp f $c:/t/dir; $D cp $c:/t/dir n$c; ${show}`)],
  ['a file in, through a symlink', both(`echo in > f; $D cp f $c:/t/abs/; $D cp $c:/t/dir n$c; ${show}`)],
  ['a file in, over a symlink to a directory', both(`echo in > f; $D cp f $c:/t/rel; $D cp $c:/t n$c; ${show}`)],
  [
    'a directory in, to a new name',
    both(`mkdir -p d/e; echo x > d/e/f; $D cp d $c:/t/newdir; $D cp $c:/t n$c; ${show}`),
  ],
  ['a directory in, to a directory', both(`mkdir -p d/e; echo x > d/e/f; $D cp d $c:/t/dir; $D cp $c:/t n$c; ${show}`)],
  [
    'the content of a directory in',
    both(`mkdir -p d/e; echo x > d/e/f; $D cp d/. $c:/t/dir; $D cp $c:/t n$c; ${show}`),
  ],
  ['a directory in, over a file', both('mkdir -p d; $D cp d $c:/t/file; echo $?')],
  [
    'a file in, to a missing directory',
    both('touch f; $D cp f $c:/t/missing/; echo $?; $D cp f $c:/t/missing/x; echo $?'),
  ],
  ['an archive in', both(`mkdir -p d; echo x > d/f; tar -c d | $D cp - $c:/t; $D cp $c:/t/d n$c; ${show}`)],
  ['a compressed archive in', both(`mkdir -p d; echo x > d/f; tar -cz d | $D cp - $c:/t; $D cp $c:/t/d n$c; ${show}`)],
  ['an archive in, to a file', both('touch f; tar -c f | $D cp - $c:/t/file; echo $?')],
  ['into a volume', both(`echo $c > f; $D cp f $c:/vol/from-$c; $D cp $c:/vol n$c; ${show}`)],
  [
    'owners',
    both(`touch f; chown 1234:5678 f; $D cp f $c:/t/own; $D cp $c:/t/own - | tar --numeric-owner -tv | cut -d' ' -f2
                   $D cp -a $c:/t/own a$c; stat -c %u:%g a$c; $D cp $c:/t/own b$c; stat -c %u:%g b$c`),
  ],
  [
    'an archive that goes through a symlink onto a read-only volume',
    `mkdir -p h z/l; echo bad > z/l/bad; ln -s /h l; $D create --name rr -v $PWD/h:/h:ro busybox >/dev/null
     tar -c l | $D cp - rr:/bin; tar -C z -c l/bad | $D cp - rr:/bin 2>/dev/null; echo $?; ls h; $D rm rr >/dev/null`,
  ],
  [
    'a read-only root and volume',
    `$D create --name xx --read-only -v vol:/vol:ro busybox >/dev/null; touch f
                   $D cp f xx:/f; echo $?; $D cp f xx:/vol/f; echo $?; $D cp xx:/bin/busybox b; ls`,
  ],
  [
    'before the first start',
    `$D create --name xx -v vol:/data busybox >/dev/null; echo in > f; $D cp f xx:/data/f
                   $D cp f xx:/bin/f; $D start -a xx; $D cp xx:/data/f a; $D cp xx:/bin/f b; cat a b`,
  ],
  // The image has no /etc: whoever mounts its files makes that folder.
  [
    'changes',
    `$D run --name xx busybox sh -c 'echo x > /new; mkdir -p /made/deep; touch /made/deep/f; rm /bin/yes; chmod 700 /bin; ln -s a /l
                   echo y >> /bin/more; rm -rf /gone; touch /bin/ls -d @0'
                   $D diff xx | grep -v -e .dockerenv -e ' /etc$' | sort`,
  ],
  ['no changes', '$D create --name xx busybox >/dev/null; $D diff xx'],
  ['changes of a missing container', '$D diff nope; echo $?'],
  [
    'an export',
    `$D export cc | tar -t | grep ^t | sort; $D export ss | tar -tv | grep ' t' | cut -c1-10,48- | sort
                   $D export -o out.tar ss; tar -tf out.tar | grep -c '^t/'; $D export nope; echo $?`,
  ],
];

interface Side {
  prefix: string[];
  /** What $D stands for. */
  program: string;
  env?: Record<string, string>;
  /** The script with this side's names of containers and volumes; two sides share an engine. */
  named(script: string): string;
  /** What it printed, in the words that all sides share. */
  plain(said: string): string;
}

async function inside({ prefix, program, env }: Side, script: string, folder: string): Promise<string> {
  const whole = `D='${program}'\nexec 2>&1\n${script}`;
  return (
    await run('nsenter', [...prefix, 'sh', '-c', whole], { cwd: folder, timeoutMs: 120_000, ...(env && { env }) })
  ).stdout;
}

async function transcript(side: Side, script: string, row: number): Promise<string> {
  const folder = mkdtempSync('/var/tmp/tlab-files-');
  try {
    const own = side.named(`${script.replaceAll('/t', `/${row}`)}\n$D rm -f xx >/dev/null 2>&1`);
    const said = await inside(side, own, folder);
    return side
      .plain(said)
      .replaceAll(folder, 'FOLDER')
      .replaceAll(`/${row}`, '/t')
      .replaceAll(/^(\S*)\b${row}\//gm, '$1t/')
      .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const asDocker = {
  named: (script: string) => script,
  plain: (said: string) =>
    said
      .replaceAll(/^Error[^:]*: /gm, '')
      .replaceAll(/^No such container:path: nope:.*$/gm, 'No such container: nope')
      .replaceAll(/^No such container:path: (\w+):(.*)$/gm, 'Could not find the file $2 in container $1'),
};
/** tlab says more than docker: the value seen, and what to try. */
const asTlab = {
  named: (script: string) => script.replaceAll(/\b([csx])\1\b/g, '$19').replaceAll(/(?<=\s)vol:/g, 'vol9:'),
  plain: (said: string) =>
    said
      .replaceAll(/([csx])9\b/g, '$1$1')
      .replaceAll(/^error: /gm, '')
      .replaceAll(/^(why|try): .*\n/gm, '')
      .replaceAll(/^(cannot copy directory|no such directory): .*/gm, '$1'),
};

const sides: ReadonlyArray<() => Side> = [
  () => ({ prefix: engine.enter, program: ['/usr/bin/docker', ...engine.dockerHost].join(' '), ...asDocker }),
  () => ({ prefix: real.enter, program: ['/usr/bin/docker', ...real.host].join(' '), ...asDocker }),
  () => ({ prefix: engine.enter, program: tlabProgram, env: engine.env, ...asTlab }),
];

/** What these show is the daemon's alone. */
const ofDaemons =
  /volume|^changes|^no changes|^an export|^a compressed archive|^an archive of|^before the first|^owners|^a missing c/;

for (const [index, [title, script]] of rows.entries()) {
  const compared = sides.slice(0, ofDaemons.test(title) ? 2 : 3);
  test(`files: ${title}`, needsRoot, async () => {
    const [docker, real, tlab] = await Promise.all(compared.map((side) => transcript(side(), script, index + 1)));
    assert.equal(docker, real, 'docker on tlab, docker on dockerd');
    if (tlab !== undefined) assert.equal(tlab, real, 'tlab, docker on dockerd');
  });
}

test('cp, diff and export are told in a trace, and what is done by hand gives the same', needsRoot, async () => {
  const ran = await engine.tlab(['trace', 'cp', '--no-syscalls', 'ss:/1/dir', `${engine.root}/copied`]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /packs \/1\/dir of the container into an archive/);
  const trace = newestTrace(engine);
  const header = `traceparent: 00-${trace.split('/').at(-1)}-00000000000000aa-01`;
  for (const verb of ['changes', 'export'])
    await engine.inside('curl', [
      ...['-s', '-H', header, '-o', `${engine.root}/${verb}`, '--unix-socket', `${engine.root}/run/tlab.sock`],
      `http://tlab/containers/ss/${verb}`,
    ]);
  const { events } = (await readRun(engine, trace)).trace;
  const twinOf = (type: string): string => events.find((event) => event.type === type)?.twin ?? `no ${type}`;
  const byHand = async (script: string) => {
    const done = await engine.inside('sh', ['-c', script]);
    return done.status === 0 ? done.stdout.split('\n').sort() : [done.stderr];
  };
  const copied = await byHand(`{ ${twinOf('daemon.files-copied')}\n} | tar -t`);
  assert.deepEqual(copied, ['', './1/dir/', './1/dir/sub/', './1/dir/sub/three', './1/dir/two']);
  const exported = await byHand(`tar -tf ${engine.root}/export`);
  const names = (await byHand(`{ ${twinOf('daemon.container-exported')}\n} | tar -t`)).map((name) => name.slice(2));
  assert.deepEqual(names.filter(Boolean), exported.filter(Boolean));
  const listed = JSON.parse(readFileSync(`${engine.root}/changes`, 'utf8')) as Array<{ Path: string }>;
  const ctr = twinOf('daemon.changes-listed').replace('ctr ', `ctr -a ${engine.root}/run/containerd/containerd.sock `);
  const layer = new Set((await byHand(ctr)).map((name) => `/${name.replace(/\/$/, '')}`));
  assert.deepEqual(
    listed.filter(({ Path }) => !layer.has(Path)),
    [],
  );
  assert.ok(listed.some(({ Path }) => Path === '/1/dir/two'));
});
