import { expect, test } from 'vitest';
import { withoutEngineMs } from './without-engine.ts';

const call = (begin: number, end: number, what = 'engine POST', app = 'worker') => ({
  app,
  what,
  begin,
  end,
});

test('calls that overlap count once, and only as far as they are within the job', () => {
  const steps = [call(90, 110), call(120, 140), call(130, 150), call(190, 230)];
  expect(withoutEngineMs(steps, { begin: 100, end: 200 })).toBe(100 - 10 - 30 - 10);
});

test('what is asked of Redis, or by the reaper, is no time of the engine', () => {
  const steps = [call(0, 5, 'redis conjobClaim'), call(5, 9, 'engine GET', 'reaper')];
  expect(withoutEngineMs(steps, { begin: 0, end: 10 })).toBe(10);
});
