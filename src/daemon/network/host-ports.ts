// Host ports that containers have published, each proved free and held by a listening socket of the daemon, so that another
// program gets EADDRINUSE at once instead of a silent mapping over it. No connection ever reaches these sockets while the rules
// are in place: they are rewritten before. Whoever does arrive is refused.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { LabError } from '../../base/errors.ts';
import type { PortMapping, PortSpec, Protocol } from './port.ts';

/** Where Docker looks for ephemeral host ports. @source dockerd portallocator */
const ephemeralPorts = { first: 49153, last: 65535 };

type Place = Pick<PortMapping, 'protocol' | 'hostIp' | 'hostPort'>;
type Release = () => void;

function holdTcp({ hostIp, hostPort }: Place): Promise<Release> {
  const server = createServer((socket) => socket.resetAndDestroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: hostIp, port: hostPort, exclusive: true }, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}

function holdUdp({ hostIp, hostPort }: Place): Promise<Release> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: hostIp, port: hostPort, exclusive: true }, () => {
      socket.unref();
      resolve(() => socket.close());
    });
  });
}

// Few kernels speak SCTP; a mapping is still a rule, so it is only kept apart from our own.
const holders: Record<Protocol, (place: Place) => Promise<Release>> = {
  tcp: holdTcp,
  udp: holdUdp,
  sctp: async () => () => undefined,
};

const isAny = (hostIp: string): boolean => hostIp === '0.0.0.0';
const collide = (a: Place, b: Place): boolean =>
  a.protocol === b.protocol &&
  a.hostPort === b.hostPort &&
  (isAny(a.hostIp) || isAny(b.hostIp) || a.hostIp === b.hostIp);

// The words are Docker's, so that people find them.
function refusal(place: Place, error: unknown): LabError {
  const errno = (error as NodeJS.ErrnoException).errno ?? 0;
  const text = getSystemErrorMap().get(errno)?.[1] ?? String(error);
  const at = `${place.hostIp}:${place.hostPort}`;
  return new LabError('conflict', `listen ${place.protocol}4 ${at}: bind: ${text}`, {
    cause: error,
    hint: `find the program that has it with: ss -lnp 'sport = :${place.hostPort}'`,
    data: { hostIp: place.hostIp, hostPort: place.hostPort, protocol: place.protocol },
  });
}

export class HostPorts {
  readonly #held = new Map<Place, Release>();
  #nextEphemeral = ephemeralPorts.first;

  /** Holds a port for a spec. Errors: conflict. Release it with `release`. */
  async hold(spec: PortSpec): Promise<PortMapping> {
    const { protocol, containerPort, hostIp, cause } = spec;
    const isChoice = spec.hostPorts.last !== spec.hostPorts.first || spec.hostPorts.first === 0;
    let last: unknown;
    for (const hostPort of this.#candidates(spec)) {
      const mapping = { protocol, containerPort, hostIp, hostPort, cause };
      try {
        await this.#take(mapping);
        return mapping;
      } catch (error) {
        last = error;
        if (!isChoice) break;
      }
    }
    if (!isChoice) throw last;
    throw new LabError('conflict', `all ports are allocated: none of ${protocol} ${this.#words(spec)} is free`);
  }

  #words({ hostPorts }: PortSpec): string {
    const range = hostPorts.first === 0 ? ephemeralPorts : hostPorts;
    return `${range.first}-${range.last}`;
  }

  *#candidates({ hostPorts }: PortSpec): Generator<number> {
    if (hostPorts.first !== 0) {
      for (let port = hostPorts.first; port <= hostPorts.last; port++) yield port;
      return;
    }
    const count = ephemeralPorts.last - ephemeralPorts.first + 1;
    for (let tried = 0; tried < count; tried++) {
      const port = this.#nextEphemeral;
      this.#nextEphemeral = port === ephemeralPorts.last ? ephemeralPorts.first : port + 1;
      yield port;
    }
  }

  async #take(mapping: PortMapping): Promise<void> {
    if ([...this.#held.keys()].some((other) => collide(other, mapping))) {
      throw new LabError(
        'conflict',
        `Bind for ${mapping.hostIp}:${mapping.hostPort} failed: port is already allocated`,
        {
          data: { hostIp: mapping.hostIp, hostPort: mapping.hostPort, protocol: mapping.protocol },
        },
      );
    }
    // Claimed before the first wait, so that two containers starting at once cannot both get it.
    this.#held.set(mapping, () => undefined);
    try {
      this.#held.set(mapping, await holders[mapping.protocol](mapping));
    } catch (error) {
      this.#held.delete(mapping);
      throw refusal(mapping, error);
    }
  }

  /** Holds a port that a running container already publishes; its rules work even when another program took the port meanwhile. */
  async adopt(mapping: PortMapping): Promise<void> {
    const release = await holders[mapping.protocol](mapping).catch(() => () => undefined);
    this.#held.set(mapping, release);
  }

  release(mappings: readonly PortMapping[]): void {
    for (const mapping of mappings) {
      for (const [held, release] of this.#held) {
        const isSame =
          held.protocol === mapping.protocol && held.hostPort === mapping.hostPort && held.hostIp === mapping.hostIp;
        if (!isSame) continue;
        release();
        this.#held.delete(held);
      }
    }
  }
}
