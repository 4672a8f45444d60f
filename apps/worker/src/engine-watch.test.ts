import { createLogger } from '@conjob/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { EngineWatch } from './engine-watch.ts';
import { WorkerState } from './worker-state.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });
const READY = { state: 'ready', reason: null };
const AWAY = { state: 'unready', reason: 'The engine does not answer.' };
const FULL = { state: 'unready', reason: 'The disk of the engine is full.' };

let engine: FakeEngine;
let state: WorkerState;
let watch: EngineWatch;
let shown: object[];

beforeEach(() => {
  vi.useFakeTimers();
  engine = new FakeEngine();
  shown = [];
  state = new WorkerState((now) => void shown.push(now));
  state.over('starting');
  shown = [];
  watch = new EngineWatch(engine, state, logger);
});
afterEach(async () => {
  await watch.end();
  vi.useRealTimers();
});

const look = () => vi.advanceTimersToNextTimerAsync();

describe('a worker', () => {
  test('is not ready while its engine does not answer, and says so once', async () => {
    engine.goAway();
    await look();
    await look();
    expect(shown).toEqual([AWAY]);
    engine.comeBack();
    await look();
    expect(shown).toEqual([AWAY, READY]);
  });

  test('is not ready as soon as a job finds the engine away, until the next look', async () => {
    watch.reportAway();
    watch.reportAway();
    expect(shown).toEqual([AWAY]);
    await look();
    expect(shown).toEqual([AWAY, READY]);
  });

  test('is not ready when a job finds the disk full, until there is space again', async () => {
    engine.fillDisk();
    watch.reportFull();
    await look();
    expect(shown).toEqual([FULL]);
    engine.freeDisk();
    await look();
    expect(shown).toEqual([FULL, READY]);
  });

  test('whose engine comes back with a full disk is not ready yet', async () => {
    engine.fillDisk();
    watch.reportFull();
    engine.goAway();
    await look();
    engine.comeBack();
    await look();
    expect(shown).toEqual([FULL, AWAY, FULL]);
  });
});
