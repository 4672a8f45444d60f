import { within } from './within.ts';

const RELEASE_MS = 1_000;

/** A releaser that asks Redis, which may be gone: then what it releases runs out by itself. */
export function askingRedis(release: () => Promise<void>): () => Promise<void> {
  return async () => void (await within(RELEASE_MS, release()));
}
