import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until something is so. The test's own time limit ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}
