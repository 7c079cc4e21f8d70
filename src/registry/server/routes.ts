// The table of endpoints: method and path → what it is for, what it needs, who does it.
// @source oci-distribution endpoints

import type { Action } from './access.ts';
import { appendUpload, beginUpload, cancelUpload, finishUpload, readBlob, removeBlob, standOfUpload } from './blobs.ts';
import { Refused } from './errors.ts';
import { type Exchange, sendJson } from './exchange.ts';
import { listReferrers, listRepositories, listTags } from './listing.ts';
import { readManifest, removeManifest, writeManifest } from './manifests.ts';
import { repositoryName } from './names.ts';

type Handler = (exchange: Exchange) => Promise<void> | void;

interface Endpoint {
  /** Groups: the repository, the rest. */
  path: RegExp;
  methods: Readonly<Record<string, readonly [Action, Handler]>>;
}

const hello: Handler = ({ response }) => sendJson(response, {});

const endpoints: readonly Endpoint[] = [
  { path: /^\/v2\/?$/, methods: { GET: ['pull', hello], HEAD: ['pull', hello] } },
  { path: /^\/v2\/_catalog$/, methods: { GET: ['pull', listRepositories] } },
  { path: /^\/v2\/(.+)\/tags\/list$/, methods: { GET: ['pull', listTags] } },
  {
    path: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    methods: {
      GET: ['pull', readManifest],
      HEAD: ['pull', readManifest],
      PUT: ['push', writeManifest],
      DELETE: ['delete', removeManifest],
    },
  },
  { path: /^\/v2\/(.+)\/referrers\/([^/]+)$/, methods: { GET: ['pull', listReferrers] } },
  { path: /^\/v2\/(.+)\/blobs\/uploads\/?$/, methods: { POST: ['push', beginUpload] } },
  {
    path: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
    methods: {
      GET: ['push', standOfUpload],
      PATCH: ['push', appendUpload],
      PUT: ['push', finishUpload],
      DELETE: ['push', cancelUpload],
    },
  },
  {
    path: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    methods: { GET: ['pull', readBlob], HEAD: ['pull', readBlob], DELETE: ['delete', removeBlob] },
  },
];

export interface Route {
  repository: string;
  rest: string;
  action: Action;
  handler: Handler;
}

/** Errors: NAME_INVALID, UNSUPPORTED; 404 for a path that is none of the registry's. */
export function routeOf(method: string, path: string): Route {
  for (const { path: form, methods } of endpoints) {
    const match = form.exec(path);
    if (match === null) continue;
    const [action, handler] = methods[method] ?? [];
    if (action === undefined || handler === undefined) {
      const headers = { allow: Object.keys(methods).join(', ') };
      throw new Refused('UNSUPPORTED', `${method} is not for ${path.slice(0, 200)}`, { headers });
    }
    const [, name, rest = ''] = match;
    return { repository: name === undefined ? '' : repositoryName(decode(name)), rest: decode(rest), action, handler };
  }
  throw new Refused('UNSUPPORTED', 'there is nothing at this path', { status: 404 });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused('NAME_INVALID', 'the path is not well encoded');
  }
}
