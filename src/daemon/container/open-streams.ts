// A container's streams: made when it starts or when a client attaches before; closed when its task is gone.
import { emit } from '../../trace/recorder.ts';
import { Streams } from '../stdio/streams.ts';
import type { Container } from './container.ts';
import { keepLog } from './logging.ts';

/** Attached clients may have opened the streams before the start. */
export function openStreams(container: Container): Streams {
  if (container.streams === undefined) {
    const { config } = container.record;
    container.streams = new Streams({
      folder: container.streamsFolder,
      hasStdin: config.OpenStdin ?? false,
      isTerminal: config.Tty ?? false,
    });
    emit('daemon.fifo-made', { data: { paths: Object.values(container.streams.paths).filter((path) => path !== '') } });
  }
  keepLog(container);
  return container.streams;
}

export function closeStreams(container: Container): void {
  container.streams?.close();
  container.streams = undefined;
  container.log?.close();
  container.log = undefined;
}
