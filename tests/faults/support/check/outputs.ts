import { createHash } from 'node:crypto';
import type { JobView, Operation } from '../load/operation.ts';
import type { Evidence, Tolerance, Violation } from './evidence.ts';

/**
 * I5: what a client gets is what the generator printed, to the byte, with its exit code. Of a job
 * that was broken off it is the beginning of that; of one that is flagged, it may have gaps.
 */
export function outputsAreWhole(
  { operations }: Pick<Evidence, 'operations'>,
  { mayEnd = [] }: Tolerance = {},
): Violation[] {
  return operations
    .flatMap((operation) => [...wrongView(operation, mayEnd), ...wrongAnswer(operation)])
    .map((says) => ({ invariant: 'I5', says }));
}

function wrongView({ key, script, view }: Operation, mayEnd: readonly string[]): string[] {
  if (view === null) return []; // I1
  const output = view.output ?? '';
  if (view.error !== null && !mayEnd.includes(view.error.code)) {
    return [`${key} (${view.id}) ended with ${view.error.code}`];
  }
  if (isFlagged(view)) return [];
  if (view.error !== null) {
    return script.output.startsWith(output)
      ? []
      : [
          `${key} (${view.id}) was broken off, and has other output: ${differ(output, script.output)}`,
        ];
  }
  return [
    ...(view.exitCode === script.exitCode
      ? []
      : [`${key} (${view.id}) ended with ${view.exitCode} instead of ${script.exitCode}`]),
    ...(sha256(output) === sha256(script.output)
      ? []
      : [`${key} (${view.id}) has other output: ${differ(output, script.output)}`]),
  ];
}

/** The client that waited is told the same as any later one. */
function wrongAnswer({ key, answer, view }: Operation): string[] {
  if (answer === null || view === null) return [];
  const isSame =
    answer.conclusion === view.conclusion &&
    answer.exitCode === view.exitCode &&
    (answer.output ?? '') === (view.output ?? '');
  return isSame ? [] : [`${key} (${view.id}) was told otherwise while it waited`];
}

function isFlagged({ outputTruncated, error }: JobView): boolean {
  return outputTruncated || error?.code === 'output.incomplete';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Where two texts part: enough to see whether something is missing or there twice. */
function differ(got: string, wanted: string): string {
  let at = 0;
  while (at < got.length && got[at] === wanted[at]) at += 1;
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 20), at + 20));
  return `${got.length} characters instead of ${wanted.length}; at ${at} ${around(got)} instead of ${around(wanted)}`;
}
