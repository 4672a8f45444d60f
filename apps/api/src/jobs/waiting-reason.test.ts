import { RECORD_VERSION, type WorkerInfo } from '@conjob/shared';
import { expect, test } from 'vitest';
import { jobSpec } from '../testing/use-queue.ts';
import { workerInfo } from '../testing/worker-report.ts';
import { waitingReason } from './waiting-reason.ts';

const NOW = Date.UTC(2026, 1, 1, 12);
const GPU = { labels: { gpu: 'true' } };
const BUSY = { running: 4 };
const LOST: Partial<WorkerInfo> = { state: 'lost', reason: 'It gives no sign of life.' };
const DRAINING: Partial<WorkerInfo> = { state: 'draining', reason: 'new kernel' };
const UNREADY: Partial<WorkerInfo> = { state: 'unready', reason: 'The engine does not answer.' };
const RETRY = { retryAt: NOW + 5000 };

/** Of all jobs: two run, and more may. */
const ROOM = { running: 2, maxConcurrentRuns: 3 };

const needs = (requires: Record<string, string>) => ({ spec: jobSpec({ requires }) });

test.each<[string, Partial<WorkerInfo>[], object, number?, object?]>([
  ['No worker is running.', [], {}],
  ['No worker is running.', [LOST], {}],
  ['No worker has the label gpu=true.', [{}], needs({ gpu: 'true' })],
  [
    'No worker has the labels arch=arm64, gpu=true.',
    [GPU, { ...LOST, labels: { arch: 'arm64', gpu: 'true' } }],
    needs({ arch: 'arm64', gpu: 'true' }),
  ],
  [
    'No worker that fits takes jobs: w1 is draining (new kernel), w2 is unready (The engine does not answer).',
    [DRAINING, { name: 'w2', ...UNREADY }, LOST],
    {},
  ],
  ['No worker that fits takes jobs: w1 is unready.', [{ ...UNREADY, reason: null }], {}],
  [
    'No worker that fits takes jobs: w1 is draining (new kernel).',
    [{ ...GPU, ...DRAINING }, { name: 'w2' }],
    needs({ gpu: 'true' }),
  ],
  ['All 8 slots of the 2 workers that could take it are busy.', [BUSY, BUSY, DRAINING], {}],
  ['The one slot of the one worker that could take it is busy.', [{ slots: 1, running: 1 }], {}],
  ['It waits until 2026-02-01T12:00:05.000Z for its next attempt.', [BUSY], RETRY],
  ['It is about to be taken.', [{}], { retryAt: NOW }],
  ['No worker is running.', [], RETRY],
  [
    'It was written by a newer version of ConJob than any worker that fits reads.',
    [{}, { name: 'w2', recordVersion: RECORD_VERSION - 1 }],
    { version: RECORD_VERSION + 1 },
  ],
  [
    'It is about to be taken.',
    [{}, { name: 'w2', recordVersion: RECORD_VERSION + 1 }],
    { version: RECORD_VERSION + 1 },
  ],
  ['It is about to be taken.', [BUSY, { running: 3 }], {}],
  ['It is taken after the one job before it.', [{}], {}, 2],
  ['It is taken after the 9 jobs before it.', [{}], {}, 10],
  [
    'No more than 3 jobs may run at once, on all workers together.',
    [BUSY],
    {},
    2,
    { running: 3, maxConcurrentRuns: 3 },
  ],
  [
    'No more than one job may run at once, on all workers together.',
    [{}],
    {},
    1,
    { running: 2, maxConcurrentRuns: 1 },
  ],
  [
    'No job may run at all: the limit of concurrent runs is 0.',
    [{}],
    {},
    1,
    { running: 0, maxConcurrentRuns: 0 },
  ],
  ['No worker is running.', [], {}, 1, { running: 0, maxConcurrentRuns: 0 }],
])('%s (%j, %j)', (reason, workers, job, position = 1, counts = ROOM) => {
  const record = { spec: jobSpec(), version: 1, retryAt: null, ...job };
  const others = { ...ROOM, ...counts, now: NOW };
  const circumstances = { workers: workers.map(workerInfo), position, ...others };
  expect(waitingReason(record, circumstances)).toBe(reason);
});

test('names a few of many workers', () => {
  const workers = Array.from({ length: 8 }, (_, n) => workerInfo({ ...DRAINING, name: `w${n}` }));
  const record = { spec: jobSpec(), version: 1, retryAt: null };
  expect(waitingReason(record, { workers, position: 1, ...ROOM, now: NOW })).toMatch(
    /w4 is draining \(new kernel\), and 3 more\.$/,
  );
});
