import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../jobs/jobs-api.ts';
import { calm } from '../stage/calm.ts';
import type { Performance } from './scenario.ts';

const CALM_WITHIN_MS = 3_000;
const READY_WITHIN_MS = 10_000;
const LOOK_MS = 20;

interface WorkerView {
  readonly state: string;
  readonly running: number;
}

/** Drains a worker that runs nothing; times in ms until the answer says that it is drained. */
export async function measureDrain({ stage, rounds, signal, say }: Performance): Promise<number[]> {
  say(`drain with nothing running: ${rounds} rounds`);
  return stage.withInstallation(async (installation) => {
    const [api] = await Promise.all([installation.startApi(), installation.startWorker()]);
    const worker = `${api.adminUrl}/workers/${installation.worker}`;
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      await calm(CALM_WITHIN_MS);
      const start = performance.now();
      const drained = await ask(`${worker}/drain?wait=10`, 200, { method: 'POST' });
      times.push(performance.now() - start);
      const { state, running } = drained as WorkerView;
      if (state !== 'draining' || running !== 0) throw new Error(`it is ${state}: ${running}`);
      await ask(`${worker}/resume`, 200, { method: 'POST' });
      await untilReady(worker);
    }
    return times;
  });
}

async function untilReady(worker: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (((await ask(worker, 200)) as WorkerView).state !== 'ready') {
    if (performance.now() > deadline) throw new Error('the worker was not resumed');
    await sleep(LOOK_MS);
  }
}
