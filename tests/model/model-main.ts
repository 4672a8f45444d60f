import { parseArgs } from 'node:util';
import { playHistories } from './play-histories.ts';

/** `pnpm model`: many histories, and how many requests they took. The same seed plays the same ones. */

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    path: { type: 'string' },
  },
});
const { path } = values;
const options = { histories: Number(values.histories), seed: Number(values.seed), path };
console.log(`seed ${options.seed}`);
const requests = await playHistories(options);
console.log(`${options.histories} histories, seed ${options.seed}: ${requests} requests`);
