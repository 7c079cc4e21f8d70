// A build's answer over HTTP: nothing is sent before there is something to say, so that a request that is wrong gets a status and not a stream.
import type { ServerResponse } from 'node:http';
import { commonHeaders } from '../server.ts';
import { ClassicText } from './classic.ts';
import type { BuildEvent, Reporter } from './events.ts';
import type { BuildRequest } from './request.ts';

export class HttpReporter implements Reporter {
  readonly #response: ServerResponse;
  readonly #report: (event: BuildEvent) => boolean;
  readonly #flush: () => void;

  constructor(response: ServerResponse, request: Pick<BuildRequest, 'wantsEvents' | 'quiet'>) {
    this.#response = response;
    const line = (value: unknown): boolean => this.#line(value);
    if (request.wantsEvents) {
      this.#report = line;
      this.#flush = () => {};
      return;
    }
    const classic = new ClassicText(request.quiet ? () => true : line);
    this.#flush = () => classic.flush();
    this.#report = request.quiet ? (event) => this.#quiet(event, line) : (event) => classic.report(event);
  }

  report(event: BuildEvent): boolean {
    return this.#report(event);
  }

  flush(): void {
    this.#flush();
  }

  /** The id alone, or the error. @source docker-build -q */
  #quiet(event: BuildEvent, line: (value: unknown) => boolean): boolean {
    if (event.kind === 'built') return line({ stream: `${event.id}\n` });
    if (event.kind === 'error') return new ClassicText(line).report(event);
    return true;
  }

  #line(value: unknown): boolean {
    const response = this.#response;
    if (response.destroyed) return true;
    if (!response.headersSent) response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
    return response.write(`${JSON.stringify(value)}\r\n`);
  }

  /** Resolves when more can be written, or nobody reads any more. */
  drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      this.#response.off('drain', done);
      this.#response.off('close', done);
      resolve();
    };
    this.#response.on('drain', done);
    this.#response.on('close', done);
    if (this.#response.destroyed || !this.#response.writableNeedDrain) done();
    return promise;
  }
}
