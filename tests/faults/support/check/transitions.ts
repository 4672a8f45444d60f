import type { Operation } from '../load/operation.ts';
import type { Evidence, Violation } from './evidence.ts';

type Seen = Pick<Evidence, 'operations' | 'jobs'>;

const terminal = (states: readonly string[]): number =>
  states.filter((state) => state === 'finished').length;

/** Operations whose job was accepted, and never ended or can not be found any more. */
export function lostOperations({ operations, jobs }: Seen): Operation[] {
  return operations.filter((operation) => {
    const { acceptedAt, ids, view } = operation;
    if (acceptedAt === null) return false;
    const hasEnded = [...ids].some((id) => terminal(jobs.get(id)?.states ?? []) > 0);
    return !hasEnded || view === null;
  });
}

/** I1: what was accepted is never lost; and what got into the queue at all comes to an end. */
export function acceptedJobsEnd({ operations, jobs }: Seen): Violation[] {
  const lost = lostOperations({ operations, jobs }).map(({ key, ids, view }) => {
    const told = view === null ? 'no client was told how it ended' : 'its end was never written';
    return `${key} (${[...ids].join(', ')}) was accepted, and ${told}`;
  });
  const stuck = [...jobs.values()]
    .filter(({ states }) => terminal(states) === 0)
    .map(({ id, states }) => `${id} never ended: ${states.join(' → ')}`);
  return [...lost, ...stuck].map((says) => ({ invariant: 'I1', says }));
}

/** How many more jobs there are of each key than the one that was wanted, and ends beyond the first. */
export function doubles({ operations, jobs }: Seen): string[] {
  const twice = operations.flatMap(({ key, keyed }) => {
    const ids = [...jobs.values()].filter(({ spec }) => spec.includes(key));
    return ids.length > 1 && keyed
      ? [`${key} became ${ids.length} jobs: ${ids.map(({ id }) => id).join(', ')}`]
      : [];
  });
  const ends = [...jobs.values()].flatMap(({ id, states }) => {
    const afterwards = states.slice(states.indexOf('finished') + 1);
    return states.includes('finished') && afterwards.length > 0
      ? [`${id} went on after its end: ${states.join(' → ')}`]
      : [];
  });
  return [...twice, ...ends];
}

/** I2: one job for one key, one terminal record, and none after it. */
export function jobsEndOnce(seen: Seen): Violation[] {
  return doubles(seen).map((says) => ({ invariant: 'I2', says }));
}
