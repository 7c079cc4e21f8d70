// How an HTTP answer ends that was given before its request had come to its end: a refused upload.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long the rest of a refused upload is read and dropped, milliseconds. */
const lingerMs = 2_000;

export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * Ends an answer, whose bytes are written, when its request has been read to the end: bytes that are unread when a socket is closed reset the
 * connection, and the client may lose the answer. One who goes on sending for too long is cut off.
 */
export function endWhenRead(response: ServerResponse): void {
  const { req: request } = response;
  if (request.complete || !hasBody(request)) {
    response.end();
    return;
  }
  const timer = setTimeout(() => response.end(() => request.destroy()), lingerMs);
  const done = (): void => {
    clearTimeout(timer);
    response.end();
  };
  request.once('end', done).once('close', done).resume();
}
