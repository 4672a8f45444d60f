import { type Say, startRedis } from '@conjob/provision';
import type { Releasers } from '@conjob/shared';

export interface Provided {
  readonly url: string;
  /** For people: where it is. */
  readonly description: string;
  /** Resolves, with what happened, when one that we started ends by itself. Else pending. */
  readonly lost: Promise<string>;
}

const NEVER = new Promise<never>(() => {});

/** The Redis of the configuration, or a private one whose data survives a restart. */
export async function provideRedis(
  config: { readonly redisUrl: string | undefined; readonly dataDir: string },
  releasers: Releasers,
  say: Say,
): Promise<Provided> {
  if (config.redisUrl !== undefined) {
    return { url: config.redisUrl, description: 'the one of REDIS_URL', lost: NEVER };
  }
  const redis = await startRedis({ dataDir: config.dataDir, say });
  releasers.push(() => redis.stop());
  return {
    url: redis.url,
    description: `private, data in ${config.dataDir}/redis`,
    lost: redis.exited.then((exit) =>
      exit.expected ? NEVER : `The private Redis ended by itself. Its last words:\n${exit.logTail}`,
    ),
  };
}
