import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listContainers } from '@conjob/testkit';

const POLL_MS = 50;
const PATIENCE_MS = 30_000;

/** Waits until a container runs on an engine, or that of one job; false when none comes. */
export async function runningOn(
  engine: { readonly socketPath: string },
  job?: string,
): Promise<boolean> {
  return comesTrue(async () =>
    (await listContainers(engine)).some(
      ({ state, labels }) =>
        state === 'running' && (job === undefined || labels['conjob.job'] === job),
    ),
  );
}

/** Looks until it is so; false when it does not become so. */
export async function comesTrue(
  isSo: () => Promise<boolean> | boolean,
  { withinMs = PATIENCE_MS, everyMs = POLL_MS } = {},
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await isSo()) return true;
    if (Date.now() > deadline) return false;
    await sleep(everyMs);
  }
}

/** Whether a process is stopped, as SIGSTOP does. */
export function isFrozen(pid: number): boolean {
  return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** Whether a process can do nothing more, for now or for ever: it is stopped, or has ended. */
export function standsStill(pid: number): boolean {
  try {
    return /^State:\s+[TZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
