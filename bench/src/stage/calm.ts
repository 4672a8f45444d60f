import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineCpuMs } from './processes.ts';

/** The kernel takes its time over the end of a network namespace, without using a CPU. */
const SETTLE_MS = 150;
const LOOK_MS = 100;
const BUSY_SHARE = 0.12;

/**
 * Waits until the machine has little to do: the engine tidies up after each container, and what is
 * measured next must not pay for that. Gives up after `withinMs`; true when it is calm.
 */
export async function calm(withinMs: number): Promise<boolean> {
  await sleep(SETTLE_MS);
  const deadline = performance.now() + withinMs;
  do {
    if ((await busyShare(LOOK_MS)) < BUSY_SHARE) return true;
  } while (performance.now() < deadline);
  return false;
}

/** How much of all cores is in use, from 0 to 1, over some time from now. */
export async function busyShare(milliseconds: number): Promise<number> {
  const [cpuBefore, before] = [machineCpuMs(), performance.now()];
  await sleep(milliseconds);
  const available = (performance.now() - before) * availableParallelism();
  return (machineCpuMs() - cpuBefore) / available;
}
