import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import { dial } from './dial.ts';

/** The end is announced a little after it is written down. */
const ANNOUNCED_AFTER_MS = 1_000;

interface DockerEvent {
  readonly Action: string;
}

/**
 * Whether the engine remembers that the container died, and not that it had told it to. An engine that shuts
 * down, and one that comes back without live-restore and ends what has survived it, kills its containers,
 * and says so; the memory itself, of 256 events, ends with the process. Measured with Docker 20.10: a
 * program that ends with 137 leaves `die`; an engine that ends it leaves `kill`, `die`, or, as it is gone, nothing.
 */
export async function sawOwnEnd(
  docker: Docker,
  id: string,
  finishedAt: number,
  abortSignal: AbortSignal,
): Promise<boolean> {
  // By the engine's own clock: an end in its future would let it wait for more.
  const until = ((finishedAt + ANNOUNCED_AFTER_MS) / 1000).toFixed(3);
  const response = await dial<IncomingMessage>(docker.modem, {
    path: '/events?',
    method: 'GET',
    isStream: true,
    abortSignal,
    statusCodes: { 200: true, 500: 'server error' },
    options: { since: '0', until, filters: { type: ['container'], container: [id] } },
  });
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  const actions = body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as DockerEvent).Action);
  return actions.includes('die') && !actions.includes('kill');
}
