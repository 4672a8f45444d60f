import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import type { RecalledEnd } from '../engine.ts';
import { dial, get } from './dial.ts';

/** The end is announced a little after it is written down. */
const ANNOUNCED_AFTER_MS = 1_000;
/** An engine remembers so many events, of whatever kind, and no more; and none of before it was started. */
const REMEMBERED = 256;

interface DockerEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** Of an inspection. */
interface Ended {
  readonly exitCode: number;
  readonly finishedAt: number | null;
}

/**
 * How an engine has seen a container end. Measured with Docker 20.10: a program that ends with 137 leaves
 * `die`; an engine that ends it, as it shuts down, or comes back without live-restore, leaves `kill`, `die`, or,
 * as it is gone, nothing. When the container's shim is killed, the engine makes an end up, and says 137 in
 * one place and 255 in the other.
 */
export async function recallEnd(
  docker: Docker,
  id: string,
  { exitCode, finishedAt }: Ended,
  abortSignal: AbortSignal,
): Promise<RecalledEnd> {
  if (finishedAt === null) return 'unknown';
  const filters = { type: ['container'], container: [id] };
  const events = await recall(docker, finishedAt + ANNOUNCED_AFTER_MS, filters, abortSignal);
  const death = events.find(({ Action }) => Action === 'die');
  if (death === undefined) return 'unknown';
  if (events.some(({ Action }) => Action === 'kill')) return 'told';
  return death.Actor.Attributes['exitCode'] === String(exitCode) ? 'own' : 'unattended';
}

/** Whether it was surely another process of the engine that started the container. */
export async function wasRestartedSince(
  docker: Docker,
  id: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  type Info = { readonly SystemTime: string };
  const { SystemTime } = await get<Info>(docker.modem, '/info', abortSignal);
  const events = await recall(docker, Date.parse(SystemTime), {}, abortSignal);
  const sawStart = events.some(({ Action, Actor }) => Action === 'start' && Actor.ID === id);
  return !sawStart && events.length < REMEMBERED;
}

/** `until` by the engine's own clock: beyond it, the engine would wait for more. */
async function recall(
  docker: Docker,
  until: number,
  filters: Readonly<Record<string, readonly string[]>>,
  abortSignal: AbortSignal,
): Promise<DockerEvent[]> {
  const response = await dial<IncomingMessage>(docker.modem, {
    path: '/events?',
    method: 'GET',
    isStream: true,
    abortSignal,
    statusCodes: { 200: true, 500: 'server error' },
    options: { since: '0', until: (until / 1000).toFixed(3), filters },
  });
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DockerEvent);
}
