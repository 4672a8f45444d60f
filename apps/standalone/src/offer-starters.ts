import { importStarterImages, MissingBinaryError, type Say } from '@conjob/provision';
import type { ProvidedEngine } from './provide-engine.ts';

const HUB = 'https://registry-1.docker.io/v2/';
const PATIENCE_MS = 3_000;

/**
 * Puts images to try ConJob with into the engine, so that the first job needs no registry: always into
 * a private one, into somebody else's only where Docker Hub can't be reached. True when they are there.
 */
export async function offerStarters(engine: ProvidedEngine, say: Say): Promise<boolean> {
  const isLocal = engine.url.startsWith('unix://');
  if (!isLocal || (!engine.isPrivate && (await reachesHub()))) return false;
  try {
    await importStarterImages(engine.url.slice('unix://'.length), { say });
    return true;
  } catch (error) {
    if (!(error instanceof MissingBinaryError)) throw error;
    say(error.message);
    return false;
  }
}

/** Any answer will do: without a login it is a 401. */
async function reachesHub(): Promise<boolean> {
  return fetch(HUB, { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
    () => true,
    () => false,
  );
}
