import { expect } from 'vitest';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import { mostAtOnce } from './support/witness/intervals.ts';

const SUBMITS = 50;
const ROUNDS = 3;

faultRow(
  { row: '22', fault: `${SUBMITS} equal submits at once with one key, to two APIs` },
  async ({ load, control }) => {
    for (let round = 1; round <= ROUNDS; round++) {
      const { length } = load.client.history;
      const key = load.newKey();
      const script = lines(key, 3, 0, round);
      const clients = Array.from({ length: SUBMITS }, (_, number) =>
        load.run({ key, script, first: number % 2 === 0 ? 0 : 1 }),
      );
      await Promise.all(clients.map(({ ended }) => ended));
      const submits = load.client.history
        .slice(length)
        .filter(({ request }) => request === 'POST /jobs');
      const atOnce = mostAtOnce(submits);
      await control(`round ${round}: ${atOnce} submits were under way at once`, atOnce > 10);
      const ids = new Set(clients.flatMap(({ operation }) => [...operation.ids]));
      expect(ids.size).toBe(1);
    }
  },
);
