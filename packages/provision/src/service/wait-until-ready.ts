import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from './service.ts';

const POLL_MS = 15;

/** A service of ours ended, or did not become ready in time, while it was being started. */
export class ServiceStartError extends Error {
  override readonly name = 'ServiceStartError';
}

/**
 * Polls `ready` until it answers true. Throws `ServiceStartError`, with the last lines of the
 * log, when the process ends first or the time is up (it is then stopped).
 */
export async function waitUntilReady(
  name: string,
  service: Service,
  ready: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  let ended = false;
  void service.exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + timeoutMs;
  while (!(await ready().catch(() => false))) {
    if (ended) throw startError(`${name} ended while starting`, service);
    if (Date.now() > deadline) {
      await service.stop(5_000);
      throw startError(`${name} was not ready within ${timeoutMs / 1000} s`, service);
    }
    await sleep(POLL_MS);
  }
}

function startError(what: string, { log }: Service): ServiceStartError {
  return new ServiceStartError(`${what}. The end of its log (${log.path}):\n${log.tail()}`);
}
