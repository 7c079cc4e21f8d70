// tlab info: what the engine is made of and what it holds. @source docker-info(1)
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { boolean, text } from '../flags/spec.ts';
import { parseTemplate } from '../format/template.ts';
import { binarySize } from '../format/words.ts';
import { print } from '../terminal.ts';
import { version } from '../version.ts';

type Info = Record<string, unknown>;

export default defineCommand({
  flags: {
    format: text('Print by a Go template, or as json', { short: 'f' }),
    json: boolean('Print one JSON document'),
  },
  async run({ flags }) {
    const info = await connect().json<Info>({ method: 'GET', path: '/info' });
    if (flags.json) print(JSON.stringify(info, undefined, 2));
    else if (flags.format === 'json') print(JSON.stringify(info));
    else if (flags.format !== undefined) print(parseTemplate(flags.format)(info));
    else for (const line of infoLines(info)) print(line);
    return 0;
  },
});

/** The lines of the text form: key of /info and heading. */
const rows: ReadonlyArray<[heading: string, key: string]> = [
  ['Containers', 'Containers'],
  [' Running', 'ContainersRunning'],
  [' Paused', 'ContainersPaused'],
  [' Stopped', 'ContainersStopped'],
  ['Images', 'Images'],
  ['Server Version', 'ServerVersion'],
  ['Storage Driver', 'Driver'],
  ['Logging Driver', 'LoggingDriver'],
  ['Cgroup Driver', 'CgroupDriver'],
  ['Cgroup Version', 'CgroupVersion'],
  ['Runtimes', 'Runtimes'],
  ['Default Runtime', 'DefaultRuntime'],
  ['Init Binary', 'InitBinary'],
  ['Security Options', 'SecurityOptions'],
  ['Kernel Version', 'KernelVersion'],
  ['Operating System', 'OperatingSystem'],
  ['OSType', 'OSType'],
  ['Architecture', 'Architecture'],
  ['CPUs', 'NCPU'],
  ['Total Memory', 'MemTotal'],
  ['Name', 'Name'],
  ['ID', 'ID'],
  ['Docker Root Dir', 'DockerRootDir'],
  ['Debug Mode', 'Debug'],
  ['Live Restore Enabled', 'LiveRestoreEnabled'],
];

function infoLines(info: Info): string[] {
  const server = rows.flatMap(([heading, key]) =>
    info[key] === undefined ? [] : [` ${heading}: ${cell(key, info[key])}`],
  );
  const warnings = Array.isArray(info.Warnings) ? info.Warnings.map((warning) => `WARNING: ${String(warning)}`) : [];
  return ['Client:', ` Version: ${version}`, '', 'Server:', ...server, ...warnings];
}

function cell(key: string, value: unknown): string {
  if (key === 'MemTotal') return binarySize(Number(value));
  if (Array.isArray(value)) return value.map(String).join(' ');
  if (typeof value === 'object' && value !== null) return Object.keys(value).sort().join(' ');
  return String(value);
}
