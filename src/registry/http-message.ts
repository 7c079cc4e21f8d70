// What goes to a registry and what comes back, as this folder speaks of it.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body; the caller reads it to its end or destroys it. */
  body: IncomingMessage;
  /** Where the answer came from, after redirects. */
  url: URL;
}

/** What an upload sends; opened anew for each try. */
export interface HttpBody {
  sizeBytes: number;
  open(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  url: URL;
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  form?: Record<string, string>;
  body?: HttpBody | undefined;
  /** Why it is made, for traces. */
  why?: string;
}

/** A certificate of our own and its key, PEM. */
export interface ClientCertificate {
  cert: string;
  key: string;
}
