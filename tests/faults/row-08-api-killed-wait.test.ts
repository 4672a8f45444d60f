import { expect } from 'vitest';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import { comesTrue } from './support/witness/controls.ts';

const CLIENTS = 4;

faultRow(
  { row: '8', fault: 'kill -9 API while clients wait for their jobs, who ask the other API' },
  async ({ cluster, load, runs, control, recovery }) => {
    const [api, other] = cluster.apis;
    const clients = Array.from({ length: CLIENTS }, (_, number) => {
      const key = load.newKey();
      return load.run({ key, mode: 'sync', first: 0, script: lines(key, 25, 0.2, number) });
    });
    await load.jobIds(clients);
    const areRunning = () => runs().filter(({ until }) => until === Infinity).length === CLIENTS;
    await control('all jobs run while their clients wait', comesTrue(areRunning));
    await api.kill();
    const broken = () =>
      load.client.history.filter(({ error, request }) => error !== null && /job.run/.test(request));
    await control(
      'the connection of each client broke',
      comesTrue(() => broken().length === CLIENTS),
    );
    await recovery(() => api.start());
    await Promise.all(clients.map(({ ended }) => ended));
    for (const { operation } of clients) {
      expect(operation.ids.size).toBe(1);
      expect(operation.answer).toMatchObject({ exitCode: operation.script.exitCode });
    }
    const answered = load.client.history.filter(
      ({ request, conclusion }) => conclusion !== null && /job.run/.test(request),
    );
    expect(answered.map((call) => call.api)).toEqual(clients.map(() => other.name));
  },
);
