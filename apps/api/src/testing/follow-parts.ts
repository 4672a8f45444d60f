import {
  connectImpatient,
  connectPatient,
  createLogger,
  disconnect,
  Submissions,
} from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll } from 'vitest';
import type { FollowDependencies } from '../follow/follow-job.ts';
import { OutputHub } from '../follow/output-hub.ts';
import { JobEvents } from '../jobs/job-events.ts';
import { JobWaits } from '../jobs/wait-for-job.ts';

export interface FollowParts extends FollowDependencies {
  readonly ledger: Submissions;
  readonly waits: JobWaits;
  readonly hub: OutputHub;
}

/** All that it takes to follow jobs, without an API. Ends with the tests of the file. */
export async function startFollowParts(redisUrl: string): Promise<FollowParts> {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const redis = connectImpatient(redisUrl);
  const [eventsRedis, hubRedis] = [connectPatient(redisUrl), connectPatient(redisUrl)];
  for (const each of [redis, eventsRedis, hubRedis]) each.on('error', () => {});
  await until(() => redis.status === 'ready');
  const ledger = new Submissions(redis);
  const events = new JobEvents(eventsRedis, logger);
  const hub = new OutputHub({ redis: hubRedis, logger });
  const waits = new JobWaits({ ledger, events, logger });
  const running = [events.follow(), hub.run()];
  afterAll(async () => {
    waits.close();
    events.stop();
    hub.stop();
    await Promise.all([redis, eventsRedis, hubRedis].map(disconnect));
    await Promise.all(running);
  });
  return { redis, ledger, events, waits, hub, logger };
}
