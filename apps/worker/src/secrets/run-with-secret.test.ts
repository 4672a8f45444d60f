import { chmodSync } from 'node:fs';
import { keyFiles } from '@conjob/shared';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Adoption } from '../adoption.ts';
import { containerName } from '../container-spec.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { FakeEngine } from '../engine/fake/fake-engine.ts';
import { LABELS } from '../engine/labels.ts';
import { runJob } from '../run-job.ts';
import { RunningJobs } from '../running-jobs.ts';
import { HandedOverError, StopSignal } from '../stop-reason.ts';
import { jobDependencies } from '../testing/job-dependencies.ts';
import { intercept, override } from '../testing/override.ts';
import { openLedger, type TestJob, type TestLedger } from '../testing/test-redis.ts';
import { openSecrets, type TestSecrets } from '../testing/test-secrets.ts';
import { HelperSecretHolder, type SecretHolder } from './secret-holder.ts';

const IMAGE = 'docker.io/library/shell:latest';
const FILE = '/run/build/secrets/secrets';
const SHOW = ['cat', FILE];
const CONTENT = 'password=hunter2';
/** Shows it when it is told to stop, and not before. */
const SHOW_AT_STOP = `trap 'cat ${FILE}; exit 0' TERM; sleep 600`;
const HOLDS = { [LABELS.holds]: 'secret' };

let ledger: TestLedger;
let secrets: TestSecrets;
let fake: FakeEngine;
let stop: StopSignal;
/** Names of all secrets that were held. */
let held: string[];

beforeAll(async () => {
  ledger = await openLedger();
  secrets = await openSecrets(ledger.redis);
});
afterAll(async () => {
  secrets.close();
  await ledger.close();
});
beforeEach(async () => {
  await ledger.redis.flushall();
  fake = new FakeEngine();
  fake.images.add(IMAGE);
  stop = new StopSignal();
  held = [];
  await secrets.set('shell', CONTENT);
});
afterEach(() => chmodSync(keyFiles(secrets.keysFolder).opening, 0o600));

function dependencies(engine: Engine, during: () => void | Promise<void> = () => {}) {
  const holder = new HelperSecretHolder(engine, fake.helpers);
  const secretHolder: SecretHolder = {
    async hold(secret) {
      held.push(secret.name);
      await holder.hold(secret);
      await during();
    },
    isHeld: (name) => holder.isHeld(name),
    release: (name) => holder.release(name),
  };
  const common = jobDependencies(engine, ledger.attempts);
  return { ...common, secretHolder, secrets: secrets.reader() };
}

interface Options {
  readonly engine?: Engine;
  /** Called when the secret is in place. */
  readonly during?: () => void | Promise<void>;
}

async function begin(job: Partial<TestJob>, { engine = fake, during }: Options = {}) {
  const id = await ledger.submit({ image: 'shell', killTimeoutSeconds: 0, args: SHOW, ...job });
  const claim = await ledger.claim(id);
  const result = runJob(dependencies(engine, during), claim, stop);
  result.catch(() => {});
  return { id, claim, result };
}

async function run(job: Partial<TestJob>, options?: Options) {
  const { id, result } = await begin(job, options);
  await result;
  const record = await ledger.submissions.find(id);
  return { id, record, ...record?.result, output: await ledger.output(id) };
}

const holders = () => fake.list(HOLDS);
/** Whether any volume of a secret is left; an emptied one, of a container that is kept, is none. */
async function expectNothingHeld(): Promise<void> {
  expect(await holders()).toEqual([]);
  for (const name of held) expect(await fake.helpers.removeVolume(name)).toBe(false);
}

describe('a job whose image has a secret', () => {
  test('finds it as a file, and the record names its version', async () => {
    const version = await secrets.set('shell', CONTENT);
    const { conclusion, output, record } = await run({});
    expect([conclusion, output.stdout]).toEqual(['SUCCESS', CONTENT]);
    expect(record?.secretVersion).toBe(version);
  });

  test.each([true, false])('leaves nothing of it behind (remove: %s)', async (remove) => {
    const { id } = await run({ remove });
    expect(await holders()).toEqual([]);
    const container = await fake.inspect(containerName({ id, attempt: 1 }));
    expect(container?.status).toBe(remove ? undefined : 'exited');
    await fake.remove(containerName({ id, attempt: 1 }));
    for (const name of held) {
      // The volume of a container that is kept stays until the reaper comes.
      expect(await fake.helpers.removeVolume(name)).toBe(!remove);
    }
  });

  test('that is kept has no secret any more', async () => {
    const { id } = await run({ remove: false });
    const container = containerName({ id, attempt: 1 });
    await fake.start(container);
    const watch = await fake.watchExit(container, 'not-running');
    expect(await watch.exitCode).toBe(1);
  });

  test('has a helper that says whose it is', async () => {
    let labels: Readonly<Record<string, string>> = {};
    const during = async () => {
      labels = (await holders())[0]?.labels ?? {};
    };
    const { id } = await run({}, { during });
    expect(labels).toMatchObject({
      [LABELS.job]: id,
      [LABELS.attempt]: '1',
      [LABELS.installation]: 'test',
      [LABELS.worker]: 'test',
      [LABELS.leaseMs]: '30000',
    });
  });

  test('has it in each attempt, as it is by then', async () => {
    const retry = { maxAttempts: 2, on: ['exit:3'], backoffSeconds: 0 };
    const args = ['sh', '-c', `cat ${FILE}; exit 3`];
    const { id, output } = await run({ args, retry, remove: true });
    expect(output.stdout).toBe(CONTENT);
    const version = await secrets.set('shell', 'changed');
    await runJob(dependencies(fake), await ledger.claim(id), stop);
    expect((await ledger.submissions.find(id))?.secretVersion).toBe(version);
    expect(held).toHaveLength(2);
    await expectNothingHeld();
  });

  test('is not started without it, whatever is wrong with the keys', async () => {
    chmodSync(keyFiles(secrets.keysFolder).opening, 0o644);
    const { conclusion, exitCode, error } = await run({ args: ['echo', 'ran'] });
    expect([conclusion, exitCode, error?.code]).toEqual(['UNKNOWN', -1, 'secrets.unreadable']);
    expect(error?.message).toContain('the keys of its worker can not be used');
    expect(fake.containerCount).toBe(0);
    chmodSync(keyFiles(secrets.keysFolder).opening, 0o600);
    expect((await run({})).output.stdout).toBe(CONTENT);
  });

  test('is not started when what held it has ended', async () => {
    const during = async () => {
      for (const { id } of await holders()) await fake.stop(id, 0);
    };
    const { conclusion, error, output } = await run({ args: ['echo', 'ran'] }, { during });
    expect([conclusion, error?.code, output.stdout]).toEqual(['UNKNOWN', 'secrets.unreadable', '']);
    expect(fake.containerCount).toBe(0);
  });

  test('is ended when it was started as what held it ended', async () => {
    const engine = override(fake, {
      async start(id) {
        for (const holder of await holders()) await fake.remove(holder.id);
        await fake.start(id);
      },
    });
    const args = ['sh', '-c', 'sleep 600'];
    const { conclusion, error } = await run({ args }, { engine });
    expect([conclusion, error?.code]).toEqual(['UNKNOWN', 'secrets.unreadable']);
    expect(fake.containerCount).toBe(0);
  });

  test('runs on when what held it ends later', async () => {
    const begun = await begin({ args: ['sh', '-c', SHOW_AT_STOP] });
    await expect.poll(() => ledger.submissions.find(begun.id)).toMatchObject({ phase: 'running' });
    await expect.poll(async () => (await fake.list({}, 'unended')).length).toBe(2);
    for (const { id } of await holders()) await fake.remove(id);
    await fake.stop(containerName({ id: begun.id, attempt: 1 }), 10);
    expect(await begun.result).toMatchObject({ conclusion: 'SUCCESS' });
    expect((await ledger.output(begun.id)).stdout).toBe(CONTENT);
  });

  test.each(['cancelled', 'shut-down'] as const)(
    'that is %s before its start leaves nothing of it',
    async (reason) => {
      const { result, id } = await begin({}, { during: () => stop.stop(reason) });
      await result.catch(() => {});
      const { state } = (await ledger.submissions.find(id)) ?? {};
      expect(state).toBe(reason === 'cancelled' ? 'finished' : 'queued');
      expect(fake.containerCount).toBe(0);
      await expectNothingHeld();
    },
  );

  test.each(['list', 'create', 'attach', 'start'] as const)(
    'that fails at %s leaves nothing of it',
    async (failing) => {
      const engine = intercept(fake, (method) => {
        if (method === failing) throw new EngineError('engine.failed', 'no');
      });
      const { conclusion, error } = await run({}, { engine });
      expect([conclusion, error?.code]).toEqual(['UNKNOWN', 'engine.failed']);
      expect(held).toHaveLength(1);
      await expectNothingHeld();
    },
  );

  test('that finds no space for it says so, and not that its image is bad', async () => {
    const during = () => {
      throw new EngineError('image.not_local', 'No such container');
    };
    const { error } = await run({}, { during });
    expect(error?.code).toBe('engine.failed');
    await expectNothingHeld();
  });

  test('goes back to the queue when the engine goes away meanwhile', async () => {
    const { id, result } = await begin({}, { during: () => fake.goAway() });
    await expect(result).rejects.toMatchObject({ code: 'engine.unavailable' });
    expect((await ledger.submissions.find(id))?.state).toBe('queued');
  });
});

test('a job whose image has no secret costs the engine nothing for it', async () => {
  fake.images.add('docker.io/library/bare:latest');
  const calls: string[] = [];
  const engine = intercept(fake, (method) => void calls.push(method));
  const { conclusion } = await run({ image: 'bare', args: ['true'], remove: true }, { engine });
  expect(conclusion).toBe('SUCCESS');
  expect(held).toEqual([]);
  expect(calls).not.toContain('list');
  expect(calls.filter((name) => name === 'remove')).toHaveLength(1);
});

describe('a job with a secret whose worker comes back', () => {
  function adoption() {
    const running = new RunningJobs(ledger.attempts, jobDependencies(fake, ledger.attempts).logger);
    const jobs: Promise<void>[] = [];
    const ignore = () => {};
    const adopting = new Adoption({
      ...dependencies(fake),
      running,
      redis: ledger.redis,
      onAdopted: (job) => void jobs.push(job),
      onEngineAway: ignore,
      onEngineFull: ignore,
    });
    return { adopting, jobs };
  }

  test('has it all the time, and nothing of it is left at its end', async () => {
    const args = ['sh', '-c', `echo begun; ${SHOW_AT_STOP}`];
    const { id, result } = await begin({ args, remove: true });
    await expect.poll(() => ledger.submissions.find(id)).toMatchObject({ phase: 'running' });
    await expect.poll(async () => (await fake.list({}, 'unended')).length).toBe(2);
    stop.stop('handed-over');
    await expect(result).rejects.toThrow(HandedOverError);
    expect(await holders()).toHaveLength(1);
    const { adopting, jobs } = adoption();
    await adopting.begin();
    // Not the helper's as well.
    expect(jobs).toHaveLength(1);
    await fake.stop(containerName({ id, attempt: 1 }), 10);
    await Promise.all(jobs);
    await adopting.close();
    expect((await ledger.submissions.find(id))?.result?.conclusion).toBe('SUCCESS');
    expect((await ledger.output(id)).stdout).toBe(`begun\n${CONTENT}`);
    await expectNothingHeld();
  });

  test('is not started when it had not been, and what held the secret is gone', async () => {
    const engine = override(fake, { start: () => new Promise<never>(() => {}) });
    const { id } = await begin({ args: ['echo', 'ran'] }, { engine });
    await expect.poll(() => ledger.submissions.find(id)).toMatchObject({ phase: 'running' });
    for (const holder of await holders()) await fake.remove(holder.id);
    const { adopting, jobs } = adoption();
    await adopting.begin();
    await Promise.all(jobs);
    await adopting.close();
    const { result } = (await ledger.submissions.find(id)) ?? {};
    expect(result).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'secrets.unreadable' } });
    expect((await ledger.output(id)).stdout).toBe('');
    expect(fake.containerCount).toBe(0);
  });
});
