import { chmodSync } from 'node:fs';
import { keyFiles, newJobId } from '@conjob/shared';
import { CANARY, until } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Adoption } from '../adoption.ts';
import { containerName } from '../container-spec.ts';
import type { ContainerSpec, Engine } from '../engine/engine.ts';
import { FakeEngine } from '../engine/fake/fake-engine.ts';
import { runJob } from '../run-job.ts';
import { RunningJobs } from '../running-jobs.ts';
import { StopSignal } from '../stop-reason.ts';
import { jobDependencies } from '../testing/job-dependencies.ts';
import { override } from '../testing/override.ts';
import { openLedger, type TestJob, type TestLedger } from '../testing/test-redis.ts';
import { openSecrets, type TestSecrets } from '../testing/test-secrets.ts';

const SECRET = CANARY.env;
const shell = (script: string) => ({ image: 'shell', args: ['sh', '-c', script] });

let ledger: TestLedger;
let secrets: TestSecrets;
let fake: FakeEngine;
let stop: StopSignal;
/** The containers that were made. */
let made: ContainerSpec[];
let engine: Engine;

beforeAll(async () => {
  ledger = await openLedger();
  secrets = await openSecrets(ledger.redis);
});
afterAll(async () => {
  secrets.close();
  await ledger.close();
});
beforeEach(() => {
  fake = new FakeEngine();
  fake.images.add('docker.io/library/shell:latest');
  stop = new StopSignal();
  made = [];
  engine = override(fake, {
    create(spec) {
      made.push(spec);
      return fake.create(spec);
    },
  });
});
afterEach(() => chmodSync(keyFiles(secrets.keysFolder).opening, 0o600));

const dependencies = (reader = secrets.reader()) => ({
  ...jobDependencies(engine, ledger.attempts),
  secrets: reader,
});

async function submit(job: TestJob, values: Readonly<Record<string, string>>): Promise<string> {
  const id = newJobId();
  return ledger.submit({ ...job, sealedEnv: await secrets.sealEnv(id, values) }, id);
}

async function run(id: string, reader = secrets.reader()) {
  await runJob(dependencies(reader), await ledger.claim(id), stop);
  const record = await ledger.submissions.find(id);
  return { record, ...record?.result, output: await ledger.output(id) };
}

describe('a job with secretEnv', () => {
  test('has the values in its environment, and not in its output', async () => {
    const script = 'echo "$TOKEN"; echo "$TOKEN" >&2; echo "$PLAIN"';
    const job = { ...shell(script), env: { PLAIN: 'seen' } };
    const result = await run(await submit(job, { TOKEN: SECRET }));
    expect(made[0]?.env).toMatchObject({ TOKEN: SECRET, PLAIN: 'seen' });
    expect(result.output).toEqual({ stdout: '***\nseen\n', stderr: '***\n' });
    expect(result).toMatchObject({ conclusion: 'SUCCESS', outputBytes: 13, outputMasked: true });
  });

  test('says when nothing was masked', async () => {
    const result = await run(await submit(shell('echo fine'), { TOKEN: SECRET }));
    expect([result.output.stdout, result.outputMasked]).toEqual(['fine\n', false]);
  });

  test('has them in each attempt', async () => {
    const retry = { maxAttempts: 2, on: ['exit:3'], backoffSeconds: 0 };
    const id = await submit({ ...shell('echo "$TOKEN"; exit 3'), retry }, { TOKEN: SECRET });
    await run(id);
    const { record } = await run(id);
    expect(record?.attempts.map(({ result }) => result?.outputMasked)).toEqual([true, true]);
    expect(made.map(({ env }) => env['TOKEN'])).toEqual([SECRET, SECRET]);
  });

  test('shows no value in its error either', async () => {
    const job = { image: 'shell', args: ['/bin/hunter2-shooter'] };
    const { error } = await run(await submit(job, { TOKEN: 'hunter2-shooter' }));
    expect(error?.code).toBe('run.command_not_found');
    expect(error?.message).toContain('/bin/***');
  });

  test('is not started without them, whatever is wrong with the keys', async () => {
    const id = await submit(shell('echo ran'), { TOKEN: SECRET });
    const { conclusion, error } = await run(id, secrets.readerWithoutKeys());
    expect([conclusion, error?.code]).toEqual(['UNKNOWN', 'secrets.unreadable']);
    expect(error?.message).toContain('its worker has no keys for secrets');
    chmodSync(keyFiles(secrets.keysFolder).opening, 0o644);
    const other = await run(await submit(shell('echo ran'), { TOKEN: SECRET }));
    expect(other.error?.message).toContain('the keys of its worker can not be used');
    expect(made).toEqual([]);
  });

  test('is not started with those of another job', async () => {
    const sealedEnv = await secrets.sealEnv('another', { TOKEN: SECRET });
    const { error } = await run(await ledger.submit({ ...shell('echo ran'), sealedEnv }));
    expect(error?.code).toBe('secrets.unreadable');
    expect(error?.message).toContain('secretEnv: no API that this worker trusts has signed it');
    expect(made).toEqual([]);
    expect(secrets.logs.join()).not.toContain(SECRET);
  });
});

describe('a job with secretEnv whose worker comes back', () => {
  async function adopted(reader = secrets.reader()) {
    const { logger } = jobDependencies(fake, ledger.attempts);
    const jobs: Promise<void>[] = [];
    const adoption = new Adoption({
      ...dependencies(reader),
      running: new RunningJobs(ledger.attempts, logger),
      redis: ledger.redis,
      onAdopted: (job) => void jobs.push(job),
      onEngineAway: () => {},
      onEngineFull: () => {},
    });
    await adoption.begin();
    return async () => {
      await Promise.all(jobs);
      await adoption.close();
    };
  }
  const AT_STOP = `echo "$TOKEN"; trap 'echo end "$TOKEN"; exit 0' TERM; sleep 600`;

  async function leftRunning() {
    const id = await submit({ ...shell(AT_STOP), killTimeoutSeconds: 0 }, { TOKEN: SECRET });
    const running = runJob(dependencies(), await ledger.claim(id), stop);
    running.catch(() => {});
    await until(async () => (await ledger.output(id)).stdout !== '');
    stop.stop('handed-over');
    await running.catch(() => {});
    return id;
  }

  test('has each byte of its output once, and masked', async () => {
    const id = await leftRunning();
    const end = await adopted();
    await fake.stop(containerName({ id, attempt: 1 }), 10);
    await end();
    expect((await ledger.output(id)).stdout).toBe('***\nend ***\n');
    const result = (await ledger.submissions.find(id))?.result;
    expect(result).toMatchObject({ outputBytes: 12, outputMasked: true, error: null });
  });

  test('ends when it can not be masked any more', async () => {
    const id = await leftRunning();
    await (await adopted(secrets.readerWithoutKeys()))();
    const result = (await ledger.submissions.find(id))?.result;
    expect(result?.error?.code).toBe('secrets.unreadable');
    expect(fake.containerCount).toBe(0);
  });
});
