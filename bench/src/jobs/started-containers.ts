import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';

export interface StartedContainers {
  /** When the engine started the first one since this watches, in ms since the epoch. */
  first(withinMs: number): Promise<number>;
  close(): void;
}

/** Watches an engine's own account of which containers it starts. */
export async function startedContainers(docker: Docker): Promise<StartedContainers> {
  const filters = JSON.stringify({ type: ['container'], event: ['start'] });
  const stream = (await docker.getEvents({ filters })) as Readable;
  stream.on('error', () => {}); // of its end
  const first = Promise.withResolvers<number>();
  createInterface(stream).once('line', (line) => {
    first.resolve((JSON.parse(line) as { timeNano: number }).timeNano / 1e6);
  });
  return {
    async first(withinMs) {
      const late = setTimeout(
        () => first.reject(new Error(`no container was started within ${withinMs} ms`)),
        withinMs,
      );
      return first.promise.finally(() => clearTimeout(late));
    },
    close: () => void stream.destroy(),
  };
}
