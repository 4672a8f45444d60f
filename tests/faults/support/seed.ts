import { createHash } from 'node:crypto';
import { type Random, seededRandom } from '../../../packages/shared/src/testing/random.ts';

/** Of the whole run. The same seed gives the same jobs, in the same order. */
export const SEED = Number(process.env['FAULTS_SEED'] || 1);

/** Each row has a sequence of its own, whichever other rows run. */
export function randomOf(row: string): Random {
  return seededRandom(createHash('sha256').update(`${SEED} ${row}`).digest().readUInt32LE());
}
