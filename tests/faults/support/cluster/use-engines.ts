import { afterAll, beforeAll } from 'vitest';
import { type Engines, type EnginesOptions, startEngines, stopEngines } from './engines.ts';

let engines: Engines | undefined;
let isUsed = false;

/**
 * Engines take a second or two to start: all tests of a file share them. For its top level; who calls it
 * first says what they are like.
 */
export function useEngines(options?: EnginesOptions): () => Engines {
  if (!isUsed) {
    isUsed = true;
    beforeAll(async () => {
      engines = await startEngines(options);
    });
    afterAll(async () => {
      if (engines !== undefined) await stopEngines(engines);
    });
  }
  return () => {
    if (engines === undefined) throw new Error('The engines did not start');
    return engines;
  };
}
