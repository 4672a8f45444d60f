import { createLogger } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { containerName } from '../container-spec.ts';
import { type ContainerSpec, type Engine, NetworkGoneError } from '../engine/engine.ts';
import { FakeEngine } from '../engine/fake/fake-engine.ts';
import { LABELS } from '../engine/labels.ts';
import { runJob } from '../run-job.ts';
import { StopSignal } from '../stop-reason.ts';
import { jobDependencies } from '../testing/job-dependencies.ts';
import { override } from '../testing/override.ts';
import { testContainer, testSandbox } from '../testing/specs.ts';
import { openLedger, type TestJob, type TestLedger } from '../testing/test-redis.ts';
import { HeldNetworks } from './held-networks.ts';

const IMAGE = 'docker.io/library/shell:latest';
const OWNER = { installation: 'test', worker: 'test' };
const logger = createLogger({ name: 'worker', level: 'silent' });

let ledger: TestLedger;
let fake: FakeEngine;
let engine: Engine;
let networks: HeldNetworks;
/** What containers of jobs were made of. */
let specs: ContainerSpec[];

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

beforeEach(async () => {
  fake = new FakeEngine();
  fake.images.add(IMAGE);
  specs = [];
  engine = override(fake, {
    create: async (spec) => {
      specs.push(spec);
      return fake.create(spec);
    },
  });
  networks = new HeldNetworks({
    engine,
    helpers: fake.helpers,
    owner: OWNER,
    slots: 1,
    reuse: 'clean',
    logger,
  });
  await networks.begin();
});
afterEach(() => networks.end());

async function run(job: Partial<TestJob> = {}, on = engine) {
  const id = await ledger.submit({
    image: 'shell',
    network: 'none',
    args: ['true'],
    remove: true,
    ...job,
  });
  const dependencies = { ...jobDependencies(on, ledger.attempts), networks };
  return { id, ...(await runJob(dependencies, await ledger.claim(id), new StopSignal())) };
}

async function untilReady(): Promise<void> {
  await until(async () => {
    const held = await networks.take('none');
    if (held !== null) networks.giveBack(held, 'ended');
    return held !== null;
  });
}

const used = () =>
  specs.map(({ joins, sandbox }) => (joins === undefined ? sandbox.network : 'joined'));

describe('a job', () => {
  test('has a network of its own while no held network is ready, and then one after the other the same', async () => {
    await run();
    await untilReady();
    await run();
    await run();
    expect(used()).toEqual(['none', 'joined', 'joined']);
    expect(specs[1]?.joins).toBe(specs[2]?.joins);
    const [own, first, second] = specs.map(({ labels }) => labels[LABELS.network]);
    expect(own).toBeUndefined();
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).toBe(first);
  });

  test('has a network of its own when there is no held network of that kind', async () => {
    await untilReady();
    await run({ network: 'bridge' });
    expect(used()).toEqual(['bridge']);
  });

  test.each([
    ['under a runtime that is no common one', { runtime: 'sysbox-runc' }],
    ['where it may forge packets', { droppedCapabilities: [] }],
  ])('has a network of its own %s', async (_, sandbox) => {
    await untilReady();
    const dependencies = {
      ...jobDependencies(engine, ledger.attempts),
      networks,
      sandboxOf: () => testSandbox(sandbox),
    };
    const id = await ledger.submit({ image: 'shell', network: 'none', args: ['true'] });
    await runJob(dependencies, await ledger.claim(id), new StopSignal());
    expect(used()).toEqual(['none']);
  });

  test('goes on in the same attempt when its held network ends before it starts', async () => {
    await untilReady();
    const [helper] = await fake.list({ [LABELS.helperOf]: 'test' });
    let starts = 0;
    const losing = override(engine, {
      start: async (id) => {
        if (starts++ === 0) fake.kill(helper?.id ?? '');
        await fake.start(id);
      },
    });
    const { id, ...result } = await run({ args: ['echo', 'hi'], remove: true }, losing);
    expect(result).toMatchObject({ conclusion: 'SUCCESS', exitCode: 0 });
    expect(used()).toEqual(['joined', 'none']);
    expect(await ledger.output(id)).toEqual({ stdout: 'hi\n', stderr: '' });
    expect((await ledger.submissions.find(id))?.attempts).toHaveLength(1);
    await until(async () => (await fake.list({ [LABELS.installation]: 'test' })).length === 0);
  });

  test('whose held network is gone before its container is made has a network of its own', async () => {
    await untilReady();
    const [helper] = await fake.list({ [LABELS.helperOf]: 'test' });
    const losing = override(engine, {
      create: async (spec) => {
        if (spec.joins !== undefined) {
          await fake.remove(helper?.id ?? '');
          throw new NetworkGoneError('No such container');
        }
        return fake.create(spec);
      },
    });
    expect((await run({ args: ['sh', '-c', 'exit 3'] }, losing)).exitCode).toBe(3);
  });

  test('whose command looks like a network that is gone ends as any other that is not there', async () => {
    const code = 'run.command_not_found';
    const failing = override(engine, {
      start: async () => {
        throw new NetworkGoneError('executable file `/proc/1/ns/net` not found', code);
      },
    });
    const notFound = { conclusion: 'FAILURE', exitCode: 127, error: { code } };
    expect(await run({}, failing)).toMatchObject(notFound);
    expect(used()).toEqual(['none']);
    await untilReady();
    expect(await run({}, failing)).toMatchObject(notFound);
    expect(used()).toEqual(['none', 'joined', 'none']);
  });

  test('whose container is kept leaves no held network to the next one, nor to that container', async () => {
    await untilReady();
    const { id } = await run({ remove: false });
    await untilReady();
    await run();
    expect(used()).toEqual(['joined', 'joined']);
    expect(specs[0]?.joins).not.toBe(specs[1]?.joins);
    expect(await fake.inspect(specs[0]?.joins ?? '')).toBeNull();
    // By hand.
    const again = fake.start(containerName({ id, attempt: 1 }));
    await expect(again).rejects.toBeInstanceOf(NetworkGoneError);
  });

  test('that was killed leaves no held network to the next one', async () => {
    await untilReady();
    await run({ args: ['sh', '-c', 'exit 137'] });
    await untilReady();
    await run();
    expect(used()).toEqual(['joined', 'joined']);
    expect(specs[0]?.joins).not.toBe(specs[1]?.joins);
  });
});

describe('what an earlier process of the worker has left', () => {
  const leave = (worker: string, held: string) =>
    fake.helpers.start({
      name: held,
      labels: { [LABELS.helperOf]: 'test', [LABELS.worker]: worker, [LABELS.network]: held },
      network: 'none',
      volumes: [],
    });

  test('is removed, but for that of other workers, and of jobs that run', async () => {
    const [mine, theirs, used] = [
      await leave('test', 'mine'),
      await leave('other', 'theirs'),
      await leave('test', 'used'),
    ];
    const labels = { [LABELS.installation]: 'test', [LABELS.network]: 'used' };
    const job = containerOf(labels, used);
    await fake.start(await fake.create(job));
    const next = new HeldNetworks({
      engine,
      helpers: fake.helpers,
      owner: OWNER,
      slots: 1,
      reuse: 'clean',
      logger,
    });
    await next.begin();
    const left = async (id: string) => (await fake.inspect(id)) !== null;
    expect([await left(mine), await left(theirs), await left(used)]).toEqual([false, true, true]);
    await next.end();
    await fake.remove(job.name);
  });
});

function containerOf(labels: Record<string, string>, helper: string): ContainerSpec {
  return testContainer(IMAGE, ['sleep', '600'], { labels, joins: helper });
}
