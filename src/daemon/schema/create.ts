// POST /containers/create: the body at the door. First its shape, then what is not supported (refused by name when it
// is not a zero value, because the docker CLI sends every field it knows), then values that contradict each other.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { parseSignal } from '../container/signals.ts';
import { checkHostConfig } from './check.ts';
import { command, flag, integer, isZero, maybe, parseBody, text, textMap, texts } from './fields.ts';
import { hostConfigFields, hostConfigSchema } from './host-config.ts';

const emptyObjects = v.record(text, v.unknown());

/** @source docker-api ContainerConfig */
const configFields = {
  Image: v.pipe(text, v.minLength(1, 'expected the name of an image')),
  Cmd: maybe(command),
  Entrypoint: maybe(command),
  Env: maybe(texts),
  WorkingDir: maybe(text),
  User: maybe(text),
  Labels: maybe(textMap),
  Hostname: maybe(text),
  Domainname: maybe(text),
  Tty: maybe(flag),
  OpenStdin: maybe(flag),
  StdinOnce: maybe(flag),
  AttachStdin: maybe(flag),
  AttachStdout: maybe(flag),
  AttachStderr: maybe(flag),
  ExposedPorts: maybe(emptyObjects),
  Volumes: maybe(emptyObjects),
  StopSignal: maybe(text),
  StopTimeout: maybe(integer),
} as const;

const createSchema = v.object({ ...configFields, HostConfig: maybe(hostConfigSchema) });
export type CreateBody = v.InferOutput<typeof createSchema>;
export type ContainerConfig = Omit<CreateBody, 'HostConfig'>;

/** Fields that clients set without wanting anything of us. */
const harmless = new Set(['ArgsEscaped', 'OnBuild', 'MacAddress', 'NetworkingConfig', 'HostConfig']);

/** The request, checked. Errors: invalidArgument for wrong values, notImplemented for what tlab does not have. */
export function parseCreate(value: unknown): CreateBody {
  if (typeof value !== 'object' || value === null) {
    throw new LabError('invalidArgument', 'config cannot be empty in order to create a container');
  }
  const body = parseBody(createSchema, value);
  refuseUnsupported('', value as Record<string, unknown>, configFields);
  refuseUnsupported(
    'HostConfig.',
    (value as { HostConfig?: Record<string, unknown> }).HostConfig ?? {},
    hostConfigFields,
  );
  refuseNetworks((value as { NetworkingConfig?: unknown }).NetworkingConfig);
  checkConfig(body);
  checkHostConfig(body.HostConfig ?? {});
  return body;
}

function refuseUnsupported(place: string, value: Record<string, unknown>, known: Record<string, unknown>): void {
  for (const [key, entry] of Object.entries(value)) {
    if (key in known || isZero(entry) || harmless.has(key)) continue;
    if (key === 'MemorySwappiness' && entry === -1) continue;
    if (key === 'Healthcheck' && isDisabledHealthcheck(entry)) continue;
    throw new LabError('notImplemented', `${place}${key}: tlab does not support it yet`, {
      data: { field: `${place}${key}`, value: entry },
    });
  }
}

const isDisabledHealthcheck = (entry: unknown): boolean =>
  JSON.stringify((entry as { Test?: unknown }).Test) === '["NONE"]';

/** Endpoint settings beyond the network's name: fixed addresses, aliases, links. */
function refuseNetworks(value: unknown): void {
  const endpoints = (value as { EndpointsConfig?: Record<string, unknown> } | undefined)?.EndpointsConfig ?? {};
  const names = Object.keys(endpoints);
  if (names.length > 1)
    throw new LabError('notImplemented', 'NetworkingConfig: more than one network is not supported');
  for (const [name, settings] of Object.entries(endpoints)) {
    if (isZero(settings)) continue;
    throw new LabError(
      'notImplemented',
      `NetworkingConfig.EndpointsConfig.${name}: endpoint settings are not supported`,
    );
  }
}

/** @source docker-api ContainerConfig; man hostname(7): labels of at most 63 characters */
function checkConfig(body: CreateBody): void {
  for (const variable of body.Env ?? []) {
    if (variable === '' || variable.startsWith('=')) {
      throw new LabError('invalidArgument', `invalid environment variable: ${variable}`);
    }
  }
  if ((body.Hostname ?? '').length > 63) throw new LabError('invalidArgument', `invalid hostname: ${body.Hostname}`);
  if (!/^[A-Za-z0-9._-]*$/.test(body.Hostname ?? '')) {
    throw new LabError('invalidArgument', `invalid hostname: ${body.Hostname}`);
  }
  const workingDir = body.WorkingDir ?? '';
  if (workingDir !== '' && !workingDir.startsWith('/')) {
    throw new LabError(
      'invalidArgument',
      `the working directory '${workingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  if (body.StopSignal) parseSignal(body.StopSignal);
  if (body.StopTimeout !== undefined && body.StopTimeout < -1) {
    throw new LabError('invalidArgument', `StopTimeout: ${body.StopTimeout}: expected seconds, or -1 to wait for ever`);
  }
}
