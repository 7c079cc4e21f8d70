// Endpoints of Docker that tlab does not have: refused by name, so that a client's user reads what is missing instead of "not found".
import { LabError } from '../../base/errors.ts';
import type { Route } from '../router.ts';

/** Docker without a swarm answers every cluster question so. @source docker daemon/cluster */
function noSwarm(): never {
  throw new LabError(
    'unavailable',
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
}

const refuse = (what: string, hint?: string) => (): never => {
  throw new LabError('notImplemented', `${what}: tlab does not support it`, hint === undefined ? {} : { hint });
};

const refused: ReadonlyArray<[methodAndPattern: string, what: string, hint?: string]> = [
  ['POST /session', 'BuildKit sessions'],
  ['POST /grpc', 'BuildKit'],
  [
    'GET /images/search',
    'searching a registry',
    'Docker Hub alone has a search, and it is a web page: https://hub.docker.com',
  ],
  ['GET /containers/{id}/attach/ws', 'attaching over a WebSocket'],
  ['POST /containers/{id}/checkpoints', 'checkpoints'],
  ['GET /containers/{id}/checkpoints', 'checkpoints'],
  ['POST /networks/create', 'making networks', 'the networks are bridge, none and host'],
  ['POST /networks/{id}/connect', 'connecting a container to another network'],
  ['POST /networks/{id}/disconnect', 'disconnecting a container from its network'],
  ['DELETE /networks/{id}', 'removing networks', 'bridge, none and host are always there'],
  ['GET /plugins', 'plugins'],
];

const swarm = [
  'GET /swarm',
  'GET /nodes',
  'GET /services',
  'GET /tasks',
  'GET /secrets',
  'GET /configs',
  'POST /services/create',
  'POST /secrets/create',
  'POST /configs/create',
];

const rowOf = (methodAndPattern: string, handler: () => never): Route => {
  const [method = '', pattern = ''] = methodAndPattern.split(' ');
  return { method, pattern, handler };
};

export const refusedRoutes: readonly Route[] = [
  ...refused.map(([row, what, hint]) => rowOf(row, refuse(what, hint))),
  ...swarm.map((row) => rowOf(row, noSwarm)),
  rowOf('POST /swarm/init', refuse('swarm mode')),
  rowOf('POST /swarm/join', refuse('swarm mode')),
];
