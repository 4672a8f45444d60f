import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

/** `pnpm fuzz`: many requests, and what they came to. The same seed sends the same ones. */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const options = { requests: Number(values.requests), seed: Number(values.seed), say: console.log };
console.log(`seed ${options.seed}`);
const { statuses, heapBytes } = await fuzz(options);
const [first, second] = heapBytes.map((bytes) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`);
console.log(
  `${options.requests} requests, seed ${options.seed}: ${JSON.stringify(statuses)}; heap ${first}, then ${second}`,
);
