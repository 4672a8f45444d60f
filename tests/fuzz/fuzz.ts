import { setTimeout as sleep } from 'node:timers/promises';
import { Blast, type Statuses } from './blast.ts';
import { clearAll, leftIn } from './leftovers.ts';
import { type FuzzedApi, type Holdings, startFuzzedApi } from './support/fuzzed-api.ts';
import { callKnown } from './support/logins.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface FuzzReport {
  readonly statuses: Statuses;
  /** After the first half of the requests, and after the second one, with all jobs gone. */
  readonly heapBytes: readonly [number, number];
}

const CLIENTS = 32;
/** Cleared after so many, so that what is left to look at does not become ever more. */
const BATCH = 2000;
/** What the same work can leave in caches and compiled code: far below what one lost object of each request takes. */
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;

/** Longer than anything goes on whose client has left: workers are asked about volumes for half a minute. */
const RELEASED_WITHIN_MS = 60_000;

/**
 * Sends that many requests, and throws unless the API has answered each of them as it may, and all of what they
 * took is free again: places, keys in Redis, listeners, connections, memory.
 */
export async function fuzz({ requests, seed, say = () => {} }: FuzzOptions): Promise<FuzzReport> {
  const api = await startFuzzedApi();
  try {
    const document = async (url: string) => (await callKnown(`${url}/openapi.json`)).json;
    const documents = { api: await document(api.url), admin: await document(api.adminUrl) };
    const blast = new Blast(api, documents);
    const idle = await api.measure();
    let sent = 0;
    const half = async (): Promise<Holdings> => {
      const end = sent + Math.ceil(requests / 2);
      while (sent < end) {
        const batch = Math.min(BATCH, end - sent);
        await blast.run({ requests: batch, seed: seed + sent, clients: CLIENTS });
        sent += batch;
        await clearAll(api);
        say(`${sent} requests: ${JSON.stringify(blast.statuses)}`);
      }
      const left = await leftIn(api);
      if (left.length > 0) throw new Error(`left in Redis: ${left.join(', ')}`);
      return released(api, idle);
    };
    const first = await half();
    const second = await half();
    const growth = second.heapBytes - first.heapBytes;
    if (growth > MAX_GROWTH_BYTES) throw new Error(`the heap has grown by ${growth} bytes`);
    if (second.listeners > first.listeners) {
      throw new Error(`listeners: ${first.listeners}, then ${second.listeners}`);
    }
    return { statuses: blast.statuses, heapBytes: [first.heapBytes, second.heapBytes] };
  } finally {
    await api.stop();
  }
}

/** What the API holds when all connections and timers are gone that requests have taken. */
async function released(api: FuzzedApi, idle: Holdings): Promise<Holdings> {
  const deadline = performance.now() + RELEASED_WITHIN_MS;
  for (;;) {
    const now = await api.measure();
    if (now.resources.length <= idle.resources.length) return now;
    if (performance.now() > deadline) {
      throw new Error(`open: ${now.resources}, and without any request ${idle.resources}`);
    }
    await sleep(100);
  }
}
