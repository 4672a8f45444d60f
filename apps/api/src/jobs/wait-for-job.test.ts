import {
  connectImpatient,
  connectPatient,
  createLogger,
  disconnect,
  type JobSpec,
  keys,
  newJobId,
  RUN_QUEUE,
  Submissions,
} from '@conjob/shared';
import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type HandWorker, startHandWorker } from '../testing/hand-worker.ts';
import { testSchema } from '../testing/test-schema.ts';
import { JobEvents } from './job-events.ts';
import { JobWaits } from './wait-for-job.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const { stdin: _, ...request } = testSchema.parse({ image: 'alpine' });
const spec: JobSpec = { ...request, stdinBytes: null };

let server: TestRedis;
let redis: Redis;
let ledger: Submissions;
let worker: HandWorker;
let eventsRedis: Redis;
let events: JobEvents;
let following: Promise<void>;

beforeAll(async () => {
  server = await startTestRedis({ appendOnly: true });
  redis = connectImpatient(server.url);
  redis.on('error', () => {});
  eventsRedis = connectPatient(server.url);
  eventsRedis.on('error', () => {});
  ledger = new Submissions(redis);
  worker = startHandWorker(server.url);
  events = new JobEvents(eventsRedis, logger);
  following = events.follow();
  await until(() => events.isFollowing && redis.status === 'ready');
});

afterAll(async () => {
  events.stop();
  await Promise.all([disconnect(redis), disconnect(eventsRedis), worker.close(), following]);
  await server.stop();
});

async function submit(): Promise<string> {
  const id = newJobId();
  await ledger.accept({ id, spec });
  return id;
}

const DEAF = { subscribe: () => () => {} };
/** Longer than any test: what ends a wait then was an event. */
const NEVER_MS = 1_000_000;
const waitsByEvents = () => new JobWaits({ ledger, events, logger, safetyPollMs: NEVER_MS });
const waitsByPolling = () => new JobWaits({ ledger, events: DEAF, logger, safetyPollMs: 5 });

describe('a wait', () => {
  test('ends by the event of the end, and by no other', async () => {
    const waits = waitsByEvents();
    const id = await submit();
    const wait = waits.untilFinished(id);
    const claim = await worker.take();
    await worker.attempts.advance(claim, 'started', 'running');
    await worker.finish(claim);
    expect(await wait).toMatchObject({ end: 'finished', record: { id, state: 'finished' } });
    expect(waits.size).toBe(0);
  });

  test('ends at once when the job had finished before', async () => {
    const id = await submit();
    await worker.finish(await worker.take());
    expect((await waitsByEvents().untilFinished(id)).end).toBe('finished');
  });

  test('ends when the job finishes between the look at it and the sleep', async () => {
    const id = await submit();
    const claim = await worker.take();
    const slow = {
      find: ledger.find.bind(ledger),
      endedOf: ledger.endedOf.bind(ledger),
      async isUnfinished(asked: string) {
        const seen = await ledger.isUnfinished(asked);
        await worker.finish(claim);
        const later = await submit();
        const told = Promise.withResolvers<void>();
        const unsubscribe = events.subscribe(later, () => told.resolve());
        // Events come in order: this one's arrival means that the one of the end has been there.
        await worker.finish(await worker.take());
        await told.promise;
        unsubscribe();
        return seen;
      },
    };
    const waits = new JobWaits({ ledger: slow, events, logger, safetyPollMs: NEVER_MS });
    expect((await waits.untilFinished(id)).end).toBe('finished');
  });

  test('of a job that was expected needs no look, and misses no end, also before it begins', async () => {
    const unseen = () => Promise.reject(new Error('looked'));
    const ledgerToRead = {
      find: ledger.find.bind(ledger),
      endedOf: unseen,
      isUnfinished: vi.fn(unseen),
    };
    const waits = new JobWaits({ ledger: ledgerToRead, events, logger, safetyPollMs: NEVER_MS });
    const id = newJobId();
    const [before, after] = [waits.expect(id), waits.expect(id)];
    await ledger.accept({ id, spec });
    const during = waits.untilFinished(id, { expected: before });
    await worker.finish(await worker.take());
    expect((await during).end).toBe('finished');
    await until(() => after.hasFinished);
    expect((await waits.untilFinished(id, { expected: after })).end).toBe('finished');
    expect(ledgerToRead.isUnfinished).not.toHaveBeenCalled();
  });

  test('asks for what goes with the record together with it', async () => {
    const id = await submit();
    const asked: string[] = [];
    const find = (job: string) => {
      asked.push('record');
      return ledger.find(job);
    };
    const waits = new JobWaits({
      ledger: Object.assign(Object.create(ledger), { isUnfinished: async () => true, find }),
      events,
      logger,
    });
    const alongside = () => void asked.push('alongside');
    const wait = waits.untilFinished(id, { alongside });
    await worker.finish(await worker.take());
    await wait;
    expect(asked).toEqual(['record', 'alongside']);
  });

  test('ends by the safety poll when its event was missed', async () => {
    const id = await submit();
    const wait = waitsByPolling().untilFinished(id);
    await worker.finish(await worker.take());
    expect((await wait).end).toBe('finished');
  });

  test('ends by the safety poll when the job is deleted', async () => {
    const id = await submit();
    const waits = waitsByPolling();
    const wait = waits.untilFinished(id);
    await redis.del(`{conjob}:job:${id}`, keys.waiting(RUN_QUEUE));
    expect(await wait).toEqual({ end: 'missing', record: null });
  });

  test('ends when its time has passed, with the job as it was last seen', async () => {
    const id = await submit();
    const wait = await waitsByEvents().untilFinished(id, { timeoutMs: 1 });
    expect(wait).toMatchObject({ end: 'elapsed', record: { id, state: 'queued' } });
    await worker.finish(await worker.take());
  });

  test('is forgotten when its client leaves', async () => {
    const waits = waitsByEvents();
    const id = await submit();
    const client = new AbortController();
    const wait = waits.untilFinished(id, { signal: client.signal });
    expect(waits.size).toBe(1);
    client.abort();
    expect((await wait).end).toBe('disconnected');
    expect(waits.size).toBe(0);
    const gone = { signal: client.signal };
    expect((await waits.untilFinished(id, gone)).end).toBe('disconnected');
    expect((await waits.untilFinished(id, { ...gone, timeoutMs: 0 })).end).toBe('disconnected');
    await worker.finish(await worker.take());
  });

  test('does not start when this process shuts down', async () => {
    const waits = waitsByEvents();
    const id = await submit();
    const wait = waits.untilFinished(id);
    waits.close();
    expect((await wait).end).toBe('closing');
    expect((await waits.untilFinished(id)).end).toBe('closing');
    await worker.finish(await worker.take());
  });

  test('is one of ten thousand without a warning', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const waits = new JobWaits({ ledger, events, logger, safetyPollMs: 50 });
    const id = await submit();
    const all = Array.from({ length: 10_000 }, () =>
      waits.untilFinished(id, { timeoutMs: NEVER_MS, signal: new AbortController().signal }),
    );
    const claim = await worker.take();
    await worker.finish(claim);
    const ends = new Set((await Promise.all(all)).map(({ end }) => end));
    expect(ends).toEqual(new Set(['finished']));
    expect(waits.size).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
