import { setTimeout as sleep } from 'node:timers/promises';
import { submit } from '../jobs/jobs-api.ts';
import type { ApiProcess, Installation } from '../stage/installation.ts';
import { Clients } from './recovery-clients.ts';
import { latencies, type OutageSamples, type Sample, sortByOutage } from './recovery-samples.ts';
import type { Performance } from './scenario.ts';

const CLIENTS = 4;
const WARM_UP_REQUESTS = 60;
/** Of each round, with Redis up, and again without. */
export const OUTAGE_REQUESTS = 300;
/** Requests that take three seconds each are not waited for by the hundred. */
const OUTAGE_MS = 20_000;
const READY_WITHIN_MS = 20_000;
const LOOK_MS = 20;

/** How Redis goes away: its connections break, or nothing is answered any more. */
export type Fault = 'dead' | 'mute';

/** Latencies in ms. */
export interface Outage {
  readonly upMs: readonly number[];
  readonly caughtMs: readonly number[];
  readonly afterMs: readonly number[];
}

/** Asks an API over and over, and takes its Redis away meanwhile. */
export async function measureOutage(
  { stage, signal, say }: Performance,
  fault: Fault,
  rounds: number,
): Promise<Outage> {
  say(`requests while Redis is ${fault}: ${rounds} rounds of 2 × ${OUTAGE_REQUESTS}`);
  return stage.withInstallation(async ({ startApi, redis }) => {
    const limits = { withinMs: OUTAGE_MS, signal };
    let faultAt = 0;
    const api = await startApi();
    const kept = await submit(api.url, { image: stage.image, args: ['true'] });
    const send = requests(api, stage.image, kept);
    const sorted: OutageSamples[] = [];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      await untilReady(api, signal);
      await under(send, (clients) => clients.answers(WARM_UP_REQUESTS, limits));
      const samples = await under(send, async (clients) => {
        await clients.answers(OUTAGE_REQUESTS, limits);
        faultAt = performance.now();
        await faults[fault].begin(redis);
        await clients.answers(OUTAGE_REQUESTS, limits);
      }).finally(() => faults[fault].end(redis));
      sorted.push(sortByOutage(samples, faultAt));
    }
    const of = (part: keyof (typeof sorted)[number]) => sorted.flatMap((round) => round[part]);
    const unexpected = of('after').find(({ status }) => status !== 503);
    if (unexpected) throw new Error(`without Redis, a request was answered ${unexpected.status}`);
    const early = of('before').find(({ status }) => status !== 200 && status !== 202);
    if (early) throw new Error(`with Redis, a request was answered ${early.status}`);
    return {
      upMs: latencies(of('before')),
      caughtMs: latencies(of('caught')),
      afterMs: latencies(of('after')),
    };
  });
}

type Redis = Installation['redis'];

const faults: Record<Fault, Record<'begin' | 'end', (redis: Redis) => Promise<void>>> = {
  dead: { begin: (redis) => redis.crash(), end: (redis) => redis.restart() },
  mute: {
    begin: async ({ pid }) => void process.kill(pid, 'SIGSTOP'),
    end: async ({ pid }) => void process.kill(pid, 'SIGCONT'),
  },
};

type Send = (number: number) => Promise<Sample>;

/** The three kinds of requests in turns. No worker runs: what they submit only waits. */
function requests({ url }: ApiProcess, image: string, kept: string): Send {
  const job = new URLSearchParams({ image, pull: 'never', arg: 'true' });
  const kinds: [path: string, init: RequestInit][] = [
    [`/jobs/${kept}`, {}],
    [`/jobs?${job}`, { method: 'POST' }],
    // It answers 202 when the job is accepted.
    [`/job/run?${job}`, { method: 'POST', headers: { Prefer: 'wait=0' } }],
  ];
  return async (number) => {
    const [path, init] = kinds[number % kinds.length] as (typeof kinds)[number];
    const sentAt = performance.now();
    const status = await fetch(url + path, init).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status;
      },
      () => 0,
    );
    return { sentAt, answeredAt: performance.now(), status };
  };
}

/** The samples of all requests that were sent while `act` acted. */
async function under(send: Send, act: (clients: Clients) => Promise<void>): Promise<Sample[]> {
  const clients = new Clients(CLIENTS, send);
  try {
    await act(clients);
  } finally {
    await clients.stop();
  }
  return clients.samples;
}

async function untilReady({ url }: ApiProcess, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    if (performance.now() > deadline) throw new Error('the API did not find Redis again');
    await sleep(LOOK_MS, undefined, { signal });
  }
}
