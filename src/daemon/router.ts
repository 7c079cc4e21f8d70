// The table of endpoints: method and pattern → handler. `{name}` takes one segment, `{name*}` takes slashes too (image names).
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type * as v from 'valibot';
import type { Engine } from './engine.ts';

/** What a handler gets. */
export interface Call {
  engine: Engine;
  request: IncomingMessage;
  /** Values of the pattern's names, decoded. */
  parameters: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** The version in the path, or the newest: `[1, 47]`. */
  version: readonly [number, number];
  /** The JSON body through a schema; an empty body is `{}`. Errors: invalidArgument. */
  body<T extends v.GenericSchema>(schema: T): Promise<v.InferOutput<T>>;
  /** The JSON body as it is. */
  rawBody(): Promise<unknown>;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /** For answers that flow: the handler writes head and body itself and returns `undefined`. */
  response: ServerResponse;
  /** Ends such an answer, as soon as the request has been read or given up: see base/late-answer.ts. */
  end(): void;
  /** Leaves HTTP: sends the head, and gives the connection. Only once, and only after everything that can be refused. */
  hijack(contentType: string): Duplex;
}

export interface Answer {
  status: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

export type Handler = (call: Call) => Promise<Answer | undefined> | Answer | undefined;

export interface Route {
  method: string;
  pattern: string;
  handler: Handler;
}

export const json = (value: unknown, status = 200): Answer => ({ status, json: value });
export const noContent: Answer = { status: 204 };
export const notModified: Answer = { status: 304 };

export interface Match {
  route: Route;
  parameters: Record<string, string>;
}

/** Compiles the table once. The first pattern that fits wins, so special ones stand before general ones. */
export function router(routes: readonly Route[]): (method: string, path: string) => Match | 'wrong-method' | undefined {
  const compiled = routes.map((route) => ({ route, expression: expressionOf(route.pattern) }));
  return (method, path) => {
    let isPathKnown = false;
    for (const { route, expression } of compiled) {
      const match = expression.exec(path);
      if (match === null) continue;
      if (route.method === method) return { route, parameters: { ...match.groups } };
      isPathKnown = true;
    }
    return isPathKnown ? 'wrong-method' : undefined;
  };
}

function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\{(\w+)(\*?)\}/g, (_whole, name: string, star: string) =>
    star === '' ? `(?<${name}>[^/]+)` : `(?<${name}>.+)`,
  );
  return new RegExp(`^${source}$`);
}

/** Docker's booleans: absent, empty, 0, false, no and none are false. @source docker httputils.BoolValue */
export function boolean(query: URLSearchParams, name: string): boolean {
  const value = (query.get(name) ?? '').trim().toLowerCase();
  return !['', '0', 'no', 'false', 'none'].includes(value);
}
