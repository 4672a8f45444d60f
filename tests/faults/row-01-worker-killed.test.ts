import { expect } from 'vitest';
import { faultRow } from './support/fault-row.ts';
import { lines, type Script } from './support/load/script.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

const ROUNDS = 10;
const EXIT_CODE = 7;

faultRow(
  {
    row: '1',
    fault: `kill -9 worker with containers running, back at once, ${ROUNDS} times in a row`,
    // Each time it has to be back before its lease is over.
    cluster: { workers: 1, leaseSeconds: 30 },
  },
  async ({ cluster, load, control, recovery }) => {
    const [worker] = cluster.workers;
    const clients = (['sync', 'async', 'sync'] as const).map((mode) => {
      const key = load.newKey();
      const plain = lines(key, 350, 0.1, EXIT_CODE);
      // One prints a secret all the time: what is stored of it is not what its container wrote.
      const secret = mode === 'async';
      return load.run({ key, mode, secret, script: secret ? printingSecret(plain, key) : plain });
    });
    const jobs = await load.jobIds(clients);
    const bytes = () =>
      Promise.all(jobs.map(async (job) => (await load.get(`/jobs/${job}/output`)).length));
    for (let round = 1; round <= ROUNDS; round++) {
      const running = await Promise.all(jobs.map((job) => runningOn(worker.engine, job)));
      const { pid } = worker.process;
      await worker.kill();
      await control(`worker ${pid} is gone, its containers run`, !running.includes(false));
      const before = await bytes();
      await recovery(async () => {
        await worker.start();
        // Adopted: whatever its container prints now comes to its reader.
        expect(
          await comesTrue(async () => {
            const now = await bytes();
            return now.every((count, index) => count > (before[index] ?? 0));
          }),
        ).toBe(true);
      });
    }
    await load.end();
    expect(clients.map(({ operation }) => operation.answer ?? operation.view)).toEqual(
      clients.map(() => expect.objectContaining({ conclusion: 'FAILURE', exitCode: EXIT_CODE })),
    );
  },
);

function printingSecret(script: Script, key: string): Script {
  const { program, output } = script;
  return {
    ...script,
    program: program.replace(`echo ${key}`, `echo ${key} "$SECRET"`),
    output: output.replaceAll(key, `${key} ***`),
  };
}
