// tlab version: the versions of client and engine. @source docker-version(1)
import { arch } from 'node:os';
import { LabError } from '../../base/errors.ts';
import { daemonClient } from '../../daemon/client.ts';
import { apiVersion, type VersionResponse } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { socketPath } from '../connection.ts';
import { printError } from '../errors.ts';
import { boolean, text } from '../flags/spec.ts';
import { parseTemplate } from '../format/template.ts';
import { print } from '../terminal.ts';
import { version } from '../version.ts';

export default defineCommand({
  says: 'Does not start the daemon: without one, only the client is shown.',
  flags: {
    format: text('Print by a Go template, or as json', { short: 'f' }),
    json: boolean('Print one JSON document'),
  },
  async run({ flags }) {
    let server: VersionResponse | undefined;
    let missing: unknown;
    try {
      server = await daemonClient(socketPath()).json<VersionResponse>({ method: 'GET', path: '/version' });
    } catch (error) {
      if (!(error instanceof LabError) || error.kind !== 'unavailable') throw error;
      missing = error;
    }
    const document = { Client: client(), Server: server ?? null };
    if (flags.json) print(JSON.stringify(document, undefined, 2));
    else if (flags.format === 'json') print(JSON.stringify(document));
    else if (flags.format !== undefined) print(parseTemplate(flags.format)(document));
    else for (const line of lines(document)) print(line);
    if (missing !== undefined) printError(missing, flags.json);
    return missing === undefined ? 0 : 1;
  },
});

const client = () => ({
  Version: version,
  ApiVersion: apiVersion,
  NodeVersion: process.versions.node,
  Os: process.platform,
  Arch: arch() === 'x64' ? 'amd64' : arch(),
});

const row = (name: string, value: string, indent = 1): string =>
  `${' '.repeat(indent)}${`${name}:`.padEnd(19 - indent)}${value}`;

function lines(document: { Client: ReturnType<typeof client>; Server: VersionResponse | null }): string[] {
  const { Client: own, Server: server } = document;
  const shown = [
    'Client:',
    row('Version', own.Version),
    row('API version', own.ApiVersion),
    row('Node version', own.NodeVersion),
    row('OS/Arch', `${own.Os}/${own.Arch}`),
  ];
  if (server === null) return shown;
  shown.push('', `Server:${server.Platform?.Name ? ` ${server.Platform.Name}` : ''}`);
  for (const component of server.Components ?? []) {
    shown.push(` ${component.Name}:`, row('Version', component.Version, 2));
    for (const [name, value] of Object.entries(component.Details ?? {})) shown.push(row(name, value, 2));
  }
  return shown;
}
