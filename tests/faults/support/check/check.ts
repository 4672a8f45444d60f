import { answersInTime } from './answers.ts';
import type { Evidence, Tolerance, Violation } from './evidence.ts';
import { outputsAreWhole } from './outputs.ts';
import { attemptsDoNotOverlap, jobsStartOnce, runLimitsHold, slotsHold } from './runs.ts';
import { acceptedJobsEnd, jobsEndOnce } from './transitions.ts';

const MIB = 1024 * 1024;
/** A Node process with ConJob in it has about 110 MiB. */
const PEAK_BYTES = 250 * MIB;

/** Everything that the evidence shows to be wrong; empty when the product kept its promises. */
export function check(evidence: Evidence, tolerance: Tolerance = {}): Violation[] {
  return [
    ...acceptedJobsEnd(evidence),
    ...jobsEndOnce(evidence),
    ...attemptsDoNotOverlap(evidence, tolerance),
    ...jobsStartOnce(evidence),
    ...nothingIsLeft(evidence),
    ...outputsAreWhole(evidence, tolerance),
    ...answersInTime(evidence, tolerance),
    ...memoryIsBounded(evidence, tolerance),
    ...secretsAreHidden(evidence),
    ...slotsHold(evidence),
    ...runLimitsHold(evidence),
  ];
}

/** I4. */
function nothingIsLeft({ leftovers }: Pick<Evidence, 'leftovers'>): Violation[] {
  return leftovers.map((says) => ({ invariant: 'I4', says }));
}

/** I8. */
function secretsAreHidden({ leaks }: Pick<Evidence, 'leaks'>): Violation[] {
  return leaks.map((place) => ({ invariant: 'I8', says: `a secret is in ${place}` }));
}

/** I7. */
function memoryIsBounded(
  { peakBytes }: Pick<Evidence, 'peakBytes'>,
  { peakBytes: bound = PEAK_BYTES }: Tolerance = {},
): Violation[] {
  if (peakBytes <= bound) return [];
  const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
  return [{ invariant: 'I7', says: `a process had ${mib(peakBytes)}, more than ${mib(bound)}` }];
}
