import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RowResult } from './row-result.ts';

/** Kept between runs, so that runs with several seeds come together in one table. Not in git. */
const FOLDER = resolve(import.meta.dirname, '../../../../.conjob-faults');

/** What the processes of failed rows wrote. */
export const LOG_FOLDER = join(FOLDER, 'logs');

/** The last run of a row with a seed replaces the one before. */
export function keepResult(result: RowResult): void {
  mkdirSync(FOLDER, { recursive: true });
  const name = `${result.seed}-${result.row.replaceAll(/[^\w]+/g, '-')}.json`;
  writeFileSync(join(FOLDER, name), `${JSON.stringify(result, null, 2)}\n`);
}

export function keptResults(): RowResult[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as RowResult);
}
