import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

// The bounded form of `pnpm fuzz`, with the seed of the run in docs/security.md.
test('whatever is sent is answered as it may be, and all that it took is free again', async () => {
  const { statuses } = await fuzz({ requests: 600, seed: 25_112_026 });
  // The control: requests of all kinds have come through, and not only to be refused.
  for (const status of ['200', '202', '204', '400', '401', '403', '404', '405', '406', '503']) {
    expect(statuses[status]).toBeGreaterThan(0);
  }
});
