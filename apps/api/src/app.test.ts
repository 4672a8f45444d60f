import {
  connectImpatient,
  connectPatient,
  createLogger,
  disconnect,
  Limits,
  Lines,
  Submissions,
  Workers,
} from '@conjob/shared';
import { startTestRedis, until } from '@conjob/testkit';
import { expect, test } from 'vitest';
import { createApp } from './app.ts';
import { Tokens } from './auth/tokens.ts';
import { loadApiConfig } from './config.ts';
import { OutputHub } from './follow/output-hub.ts';
import { closeServer, listen, urlOf } from './http/listen.ts';
import { AbandonedJobs } from './jobs/abandoned-jobs.ts';
import { Admission } from './jobs/admission.ts';
import { JobEvents } from './jobs/job-events.ts';
import { JobService } from './jobs/job-service.ts';
import { QueuedMarks } from './jobs/queued-marks.ts';
import { JobWaits } from './jobs/wait-for-job.ts';
import { JobQueue } from './queue/job-queue.ts';
import { JobSecrets } from './secrets/job-secrets.ts';
import { SealingKeys } from './secrets/sealing-keys.ts';
import { SecretService } from './secrets/secret-service.ts';
import { startHandWorker } from './testing/hand-worker.ts';
import { call } from './testing/http-client.ts';
import { LISTEN_OPTIONS } from './testing/listen-options.ts';
import { WorkerService } from './workers/worker-service.ts';

test('clients that leave leave no waiter behind, and their jobs go on', async () => {
  const server = await startTestRedis({ appendOnly: true });
  const logger = createLogger({ name: 'test', level: 'silent' });
  const redis = connectImpatient(server.url);
  await until(() => redis.status === 'ready');
  const eventsRedis = connectPatient(server.url);
  const events = new JobEvents(eventsRedis, logger);
  const following = events.follow();
  const ledger = new Submissions(redis);
  const queue = new JobQueue(redis, () => {});
  const waits = new JobWaits({ ledger, events, logger });
  const registry = new Workers(redis);
  const config = loadApiConfig({});
  const limits = new Limits(redis, config.limits);
  const lines = new Lines(redis);
  const marks = new QueuedMarks({ ledger, events, logger });
  const keys = new SealingKeys({ keysFolder: undefined, logger });
  const sealer = new JobSecrets(keys);
  const jobs = new JobService({
    redis,
    ledger,
    lines,
    queue,
    secrets: sealer,
    limits,
    workers: registry,
    marks,
    admission: new Admission({ atOnce: 128 }),
    logger,
  });
  const workers = new WorkerService(registry);
  const tokens = new Tokens(redis);
  const abandoned = new AbandonedJobs({ jobs, logger });
  const hubRedis = connectPatient(server.url);
  const hub = new OutputHub({ redis: hubRedis, logger });
  const running = hub.run();
  const follow = { redis, ledger, events, waits, hub, logger };
  const secrets = new SecretService({ redis, keys });
  const readiness = { fault: async () => null };
  const routes = { jobs, waits, abandoned, follow, workers, tokens, limits, secrets };
  const app = createApp({ config, logger, readiness, ...routes });
  const http = await listen(app, { host: '127.0.0.1', port: 0 }, LISTEN_OPTIONS);
  const worker = startHandWorker(server.url);

  const clients = new AbortController();
  const { signal } = clients;
  const runs = Array.from({ length: 20 }, () =>
    call(`${urlOf(http)}/job/run?image=alpine`, { signal }),
  );
  await until(() => waits.size === 20);
  const claim = await worker.take();
  const looks = Array.from({ length: 20 }, () =>
    call(`${urlOf(http)}/jobs/${claim.id}?wait=300`, { signal }),
  );
  await until(() => waits.size === 40);
  const follows = Array.from({ length: 20 }, (_, n) =>
    call(`${urlOf(http)}/jobs/${claim.id}/${n % 2 ? 'events' : 'output?follow=true'}`, { signal }),
  );
  await until(() => waits.size === 60 && hub.size === 1);
  clients.abort();
  await Promise.allSettled([...runs, ...looks, ...follows]);
  await until(() => waits.size === 0 && hub.size === 0);
  await worker.finish(claim);
  expect((await ledger.find(claim.id))?.result?.conclusion).toBe('SUCCESS');

  await closeServer(http, { graceMs: 1000, answerWaiters: () => waits.close() });
  events.stop();
  hub.stop();
  await queue.close();
  await Promise.all([redis, eventsRedis, hubRedis].map(disconnect));
  await Promise.all([worker.close(), following, running]);
  await server.stop();
});
