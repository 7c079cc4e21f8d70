// tlab port: where the ports of a container are published. @source docker-port(1)
import { LabError } from '../../base/errors.ts';
import type { ContainerInspect, PortBinding } from '../../daemon/protocol.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { containerPath } from '../each.ts';
import { print } from '../terminal.ts';

export default defineCommand({
  operands: 'CONTAINER [PORT[/PROTOCOL]]',
  count: { min: 1, max: 2 },
  flags: {},
  async run({ operands: [name = '', wanted] }) {
    const found = await connect().json<ContainerInspect>({ method: 'GET', path: `${containerPath(name)}/json` });
    const ports = found.NetworkSettings.Ports ?? {};
    if (wanted === undefined) {
      for (const [port, bindings] of Object.entries(ports)) {
        for (const binding of bindings ?? []) print(`${port} -> ${address(binding)}`);
      }
      return 0;
    }
    const bindings = ports[wanted.includes('/') ? wanted : `${wanted}/tcp`];
    if (bindings == null) throw new LabError('notFound', `container "${name}": port ${wanted} is not published`);
    for (const binding of bindings) print(address(binding));
    return 0;
  },
});

const address = ({ HostIp = '', HostPort = '' }: PortBinding): string =>
  `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`;
