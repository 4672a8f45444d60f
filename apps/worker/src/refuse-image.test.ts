import { imagePatterns } from '@conjob/shared';
import { type RecordingListener, startRecordingListener } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJob } from './run-job.ts';
import { StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { sharedEngine, sharedEngineAccess } from './testing/services.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

const engine = sharedEngine();
let ledger: TestLedger;
let allowed: RecordingListener;
let refused: RecordingListener;

beforeAll(async () => {
  [ledger, allowed, refused] = await Promise.all([
    openLedger(),
    startRecordingListener(sharedEngineAccess()),
    startRecordingListener(sharedEngineAccess()),
  ]);
});
afterAll(() => Promise.all([ledger.close(), allowed.stop(), refused.stop()]));

const imageAt = ({ port }: RecordingListener) => `127.0.0.1:${port}/acme/tool:1`;

async function run(image: string, allow: string) {
  const claim = await ledger.claim(await ledger.submit({ image, pull: 'always' }));
  const images = { allow: imagePatterns.parse(allow) };
  const dependencies = { ...jobDependencies(engine, ledger.attempts), images };
  return runJob(dependencies, claim, new StopSignal());
}

test('a registry that is not allowed hears nothing of a job, one that is does', async () => {
  const allow = `127.0.0.1:${allowed.port}/acme/*`;
  const ended = await run(imageAt(refused), allow);
  expect(ended).toMatchObject({ conclusion: 'NOT_FOUND', error: { code: 'image.not_allowed' } });
  expect(await run(imageAt(allowed), allow)).toMatchObject({ conclusion: 'NOT_FOUND' });
  await expect.poll(() => allowed.contacts).toBeGreaterThan(0);
  // It would have come before.
  expect(refused.contacts).toBe(0);
  await run(imageAt(refused), `127.0.0.1:${refused.port}/*`);
  await expect.poll(() => refused.contacts).toBeGreaterThan(0);
});
