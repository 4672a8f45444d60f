import { createLogger } from '@conjob/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { EngineWatch } from './engine-watch.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });

let engine: FakeEngine;
let watch: EngineWatch;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  engine = new FakeEngine();
  told = [];
  const intake = {
    pause: async () => void told.push('pause'),
    resume: async () => void told.push('resume'),
  };
  watch = new EngineWatch(engine, intake, logger);
});
afterEach(async () => {
  await watch.end();
  vi.useRealTimers();
});

describe('the intake of a worker', () => {
  test('is paused while the engine does not answer, and told so once', async () => {
    engine.goAway();
    await vi.advanceTimersToNextTimerAsync();
    await vi.advanceTimersToNextTimerAsync();
    expect(told).toEqual(['pause']);
    engine.comeBack();
    await vi.advanceTimersToNextTimerAsync();
    expect(told).toEqual(['pause', 'resume']);
  });

  test('is paused as soon as a job finds the engine away, until the next look', async () => {
    const reports = [watch.report(), watch.report()];
    expect(told).toEqual(['pause']);
    await Promise.all(reports);
    await vi.advanceTimersToNextTimerAsync();
    expect(told).toEqual(['pause', 'resume']);
  });
});
