import { expect, it } from 'vitest';
import {
  type ContainerEvent,
  intervalsOf,
  mostAtOnce,
  overlapMs,
  withoutStandstills,
} from './intervals.ts';

const event = (action: ContainerEvent['action'], container: string, at: number) =>
  ({ action, container, at, engine: 'north', job: 'j', attempt: '1' }) as const;

it('a container runs from its start to its death, in whatever order that is told', () => {
  const events = [event('die', 'a', 20), event('destroy', 'a', 25), event('start', 'a', 10)];
  expect(intervalsOf(events)).toMatchObject([{ container: 'a', from: 10, until: 20 }]);
});

it('one whose death nobody told runs on', () => {
  expect(intervalsOf([event('start', 'a', 10)])).toMatchObject([{ until: Infinity }]);
});

it('one that was removed has died at the latest then', () => {
  const events = [event('start', 'a', 10), event('destroy', 'a', 30)];
  expect(intervalsOf(events)).toMatchObject([{ until: 30 }]);
});

it.each([
  ['one after the other', [10, 20, 20, 30], 0, 1],
  ['one a little into the other', [10, 21, 20, 30], 1, 2],
  ['one within the other', [10, 100, 20, 30], 10, 2],
])('%s', (_how, [from = 0, until = 0, begin = 0, end = 0], overlap, most) => {
  const runs = intervalsOf([
    event('start', 'a', from),
    event('die', 'a', until),
    event('start', 'b', begin),
    event('die', 'b', end),
  ]);
  expect([overlapMs(runs), mostAtOnce(runs)]).toEqual([overlap, most]);
});

it('a container does not run while its host stands still, and runs again afterwards', () => {
  const runs = intervalsOf([event('start', 'a', 10), event('die', 'a', 50)]);
  const still = (engine: string, from: number, until: number) =>
    withoutStandstills(runs, [{ engine, from, until }]).map((run) => [run.from, run.until]);
  expect(still('north', 20, 40)).toEqual([
    [10, 20],
    [40, 50],
  ]);
  expect(still('north', 0, 30)).toEqual([[30, 50]]);
  expect(still('north', 0, 90)).toEqual([]);
  expect(still('north', 60, 90)).toEqual([[10, 50]]);
  expect(still('south', 20, 40)).toEqual([[10, 50]]);
});
