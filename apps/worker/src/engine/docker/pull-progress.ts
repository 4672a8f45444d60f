import { StringDecoder } from 'node:string_decoder';
import type { PullProgress } from '@conjob/shared';
import { PulledLayers, type PullMessage } from './pulled-layers.ts';

/** What the engine or the registry said in mid-pull, on a connection that began with 200. */
class PullFailedError extends Error {
  override readonly name = 'PullFailedError';
  /** As the engine answers errors that it knows before it begins. */
  readonly statusCode = 500;
}

/**
 * Reads the progress of a pull to its end: JSON messages, one per line. An error arrives as a message
 * inside of a successful answer, and an answer that was cut off looks successful too: only a final
 * `Status:` line proves the pull.
 */
export async function readPullProgress(
  body: AsyncIterable<Buffer>,
  onProgress: (progress: PullProgress) => void = () => {},
): Promise<void> {
  const layers = new PulledLayers();
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let complete = false;
  const read = (line: string): void => {
    if (line.trim() === '') return;
    const message = JSON.parse(line) as PullMessage;
    if (message.error !== undefined) throw new PullFailedError(message.error);
    if (message.status?.startsWith('Status:')) complete = true;
    if (layers.take(message)) onProgress(layers.progress);
  };
  for await (const chunk of body) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) read(line);
  }
  read(rest + decoder.end());
  if (!complete) throw new PullFailedError('the pull was cut off');
}
