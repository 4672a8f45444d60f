import { ConfigError, loadConfig } from '@conjob/shared';
import { expect, test } from 'vitest';
import { workerConfigSchema } from './config.ts';
import { CRASH_POINTS, type CrashPlan, createCrashPoints } from './crash-points.ts';

/** The points at which a worker dies that passes all of them. */
function deathsOf(env: Record<string, string>, labels = {}): number[] {
  const plan: CrashPlan = loadConfig(workerConfigSchema, env).crash;
  const deaths: number[] = [];
  CRASH_POINTS.forEach((point, index) => {
    createCrashPoints(plan, () => deaths.push(index))(point, { labels });
  });
  return deaths;
}

test('without the variable nothing dies', () => {
  expect(deathsOf({})).toEqual([]);
  expect(deathsOf({ CONJOB_CRASH_LABEL: 'a=b' }, { a: 'b' })).toEqual([]);
});

test.each(CRASH_POINTS)('at %s, and nowhere else', (point) => {
  expect(deathsOf({ CONJOB_CRASH_AT: point })).toEqual([CRASH_POINTS.indexOf(point)]);
});

test('with a label only jobs that have it are deadly', () => {
  const env = { CONJOB_CRASH_AT: 'claimed', CONJOB_CRASH_LABEL: 'equation=a=b' };
  expect(deathsOf(env)).toEqual([]);
  expect(deathsOf(env, { equation: 'a' })).toEqual([]);
  expect(deathsOf(env, { equation: 'a=b' })).toEqual([0]);
});

test('an unknown point is refused with the list of points, and a label needs a name and a value', () => {
  const load = (env: Record<string, string>) => () => loadConfig(workerConfigSchema, env);
  expect(load({ CONJOB_CRASH_AT: 'lunch' })).toThrow(ConfigError);
  expect(load({ CONJOB_CRASH_AT: 'lunch' })).toThrow(CRASH_POINTS.join(', '));
  expect(load({ CONJOB_CRASH_LABEL: 'alone' })).toThrow('name=value');
});
