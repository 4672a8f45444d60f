import { readFileSync } from 'node:fs';

/** Something that a process asked of another one, and its answer. Times are ms since the epoch. */
export interface Step {
  readonly app: string;
  readonly what: string;
  readonly begin: number;
  readonly end: number;
}

export function readSteps(path: string): Step[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Step);
}
