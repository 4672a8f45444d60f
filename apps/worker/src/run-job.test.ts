import { FencedError, keys } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, EngineError } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { runJob } from './run-job.ts';
import { StoppedError, StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { ENGINE_METHODS, intercept, override } from './testing/override.ts';
import { openLedger, type TestJob, type TestLedger } from './testing/test-redis.ts';

const IMAGE = 'docker.io/library/shell:latest';
const FOREVER = ['sh', '-c', 'echo ready; sleep 600'];

let ledger: TestLedger;
let fake: FakeEngine;
let stop: StopSignal;

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

beforeEach(() => {
  fake = new FakeEngine();
  fake.images.add(IMAGE);
  stop = new StopSignal();
});

interface Options {
  readonly engine?: Engine;
  readonly maxOutputBytes?: number;
}

/** Runs a job to its record; `begin` also tells its id before. */
async function begin(
  job: Partial<TestJob>,
  { engine = fake, maxOutputBytes = 1000 }: Options = {},
) {
  const id = await ledger.submit({ image: 'shell', killTimeoutSeconds: 0, ...job });
  const claim = await ledger.claim(id);
  const dependencies = jobDependencies(engine, ledger.attempts);
  const result = runJob(
    { ...dependencies, defaults: { ...dependencies.defaults, maxOutputBytes } },
    claim,
    stop,
  );
  result.catch(() => {});
  return { id, claim, result };
}

async function run(job: Partial<TestJob>, options?: Options) {
  const { id, result } = await begin(job, options);
  expect(await ledger.submissions.find(id).then((it) => it?.id)).toBe(id);
  await result;
  const record = await ledger.submissions.find(id);
  return { id, record, ...record?.result, output: await ledger.output(id) };
}

const outputOf = (id: string) => ledger.output(id).then(({ stdout }) => stdout);
const isReady = async (id: string) => until(async () => (await outputOf(id)) === 'ready\n');

describe('a job that runs to its end', () => {
  test('is recorded with its output, exit code and times', async () => {
    const ended = await run({ args: ['sh', '-c', 'echo out; echo err >&2'] });
    expect(ended).toMatchObject({ conclusion: 'SUCCESS', exitCode: 0, error: null });
    expect(ended).toMatchObject({ outputBytes: 8, outputTruncated: false });
    expect(ended.output).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(ended.record).toMatchObject({ state: 'finished', phase: null });
    expect(ended.record?.attempts).toMatchObject([{ number: 1, worker: 'test' }]);
    for (const time of Object.values(ended.timings ?? {})) expect(time).toEqual(expect.any(Number));
  });

  test('fails with the code of its program', async () => {
    const ended = await run({ args: ['sh', '-c', 'exit 3'] });
    expect(ended).toMatchObject({ conclusion: 'FAILURE', exitCode: 3, error: null });
  });

  test('gets its standard input', async () => {
    const ended = await run({ args: ['cat'], input: Buffer.from('hello') });
    expect(ended.output.stdout).toBe('hello');
  });

  test('is told apart when it ran out of memory', async () => {
    const ended = await run({ args: ['tail', '/dev/zero'] });
    expect(ended).toMatchObject({ conclusion: 'FAILURE', exitCode: 137 });
    expect(ended.error?.code).toBe('run.out_of_memory');
  });

  test('is kept on its host until its retention, unless it asked to be removed', async () => {
    await run({ args: ['true'] });
    expect(fake.containerCount).toBe(1);
    await run({ args: ['true'], remove: true });
    expect(fake.containerCount).toBe(1);
  });

  test('takes its image along when asked to', async () => {
    await run({ args: ['true'], remove: true, removeImage: true });
    expect(await fake.findImage(IMAGE)).toBeNull();
  });
});

describe('output', () => {
  test('beyond the limit is counted, not kept, and does not end the job', async () => {
    const ended = await run({ args: ['seq', '1000'] }, { maxOutputBytes: 10 });
    expect(ended).toMatchObject({ conclusion: 'SUCCESS', outputTruncated: true });
    expect(ended.outputBytes).toBe(3893);
    expect(ended.output.stdout).toBe('1\n2\n3\n4\n5\n');
  });
});

describe('a job that can’t be started', () => {
  test.each([
    [['no-such-program'], 'run.command_not_found', 127],
    [['/etc/passwd'], 'run.not_executable', 126],
    [[], 'run.refused', 125],
  ])('%j fails as `docker run` does: %s', async (args, code, exitCode) => {
    const ended = await run({ args });
    expect(ended).toMatchObject({ conclusion: 'FAILURE', exitCode });
    expect(ended.error?.code).toBe(code);
    expect(fake.containerCount).toBe(0);
  });

  test('for its user fails as `docker run` does', async () => {
    const ended = await run({ args: ['true'], user: 'stranger' });
    expect(ended).toMatchObject({ exitCode: 125, error: { code: 'run.unknown_user' } });
    expect(fake.containerCount).toBe(0);
  });

  test.each([
    'image.not_found',
    'image.unauthorized',
    'registry.unreachable',
    'registry.failed',
  ] as const)('since its image can’t be had (%s) was not found', async (code) => {
    fake.images.publish(IMAGE, new EngineError(code, 'said the registry'));
    const ended = await run({ args: ['true'], pull: 'always' });
    expect(ended).toMatchObject({ conclusion: 'NOT_FOUND', exitCode: -1, error: { code } });
    expect(ended.error?.message).toContain('said the registry');
  });

  test('gets its image again when another job removed it in between', async () => {
    fake.images.publish(IMAGE);
    let removals = 1;
    const engine = intercept(fake, (method) => {
      if (method === 'create' && removals-- > 0) fake.images.remove(IMAGE);
    });
    expect(await run({ args: ['true'], pull: 'absent' }, { engine })).toMatchObject({
      conclusion: 'SUCCESS',
    });
  });
});

describe('a job that is stopped', () => {
  test('by its own time limit timed out', async () => {
    const ended = await run({ args: ['sleep', '600'], timeoutSeconds: 1 });
    expect(ended).toMatchObject({ conclusion: 'TIMED_OUT', exitCode: -1 });
    expect(ended.error?.code).toBe('run.timed_out');
  });

  test('keeps the result that it reaches within the grace', async () => {
    const script = "trap 'echo done; exit 3' TERM; echo ready; sleep 600";
    const { id, result } = await begin({ args: ['sh', '-c', script], killTimeoutSeconds: 30 });
    await isReady(id);
    stop.stop('timed-out');
    expect(await result).toMatchObject({ conclusion: 'FAILURE', exitCode: 3 });
    expect(await outputOf(id)).toBe('ready\ndone\n');
  });

  test('by a cancellation is cancelled, whatever it exits with', async () => {
    const script = "trap 'exit 0' TERM; echo ready; sleep 600";
    const { id, result } = await begin({ args: ['sh', '-c', script], killTimeoutSeconds: 30 });
    await isReady(id);
    stop.stop('cancelled');
    expect(await result).toMatchObject({ conclusion: 'CANCELLED', exitCode: -1 });
  });

  test('before it was taken in hand is cancelled without an engine', async () => {
    fake.goAway();
    const id = await ledger.submit({ image: 'shell', args: ['true'] });
    const claim = await ledger.claim(id);
    await ledger.submissions.cancel(id, 'enough');
    const dependencies = jobDependencies(fake, ledger.attempts);
    const cancelled = { ...claim, cancelReason: 'enough' };
    expect(await runJob(dependencies, cancelled, stop)).toMatchObject({ conclusion: 'CANCELLED' });
  });

  test('in mid-pull is cancelled at once', async () => {
    fake.images.publish(IMAGE, 'mute');
    const pulling = Promise.withResolvers<void>();
    const engine = intercept(fake, (method) => {
      if (method === 'pull') pulling.resolve();
    });
    const { result } = await begin({ args: ['true'], pull: 'always' }, { engine });
    await pulling.promise;
    stop.stop('cancelled');
    expect(await result).toMatchObject({ conclusion: 'CANCELLED' });
    expect(fake.containerCount).toBe(0);
  });

  test.each(['create', 'attach', 'watchExit'] as const)(
    'by a cancellation that only the ledger knows, seen at %s, never starts',
    async (at) => {
      const id = await ledger.submit({ image: 'shell', args: ['true'] });
      const claim = await ledger.claim(id);
      const called: string[] = [];
      const engine = intercept(fake, async (method) => {
        called.push(method);
        if (method === at) await ledger.submissions.cancel(id, 'enough');
      });
      const result = await runJob(jobDependencies(engine, ledger.attempts), claim, stop);
      expect(result).toMatchObject({ conclusion: 'CANCELLED' });
      expect(called).not.toContain('start');
      expect(fake.containerCount).toBe(0);
    },
  );

  test('while it is starting is stopped as soon as it has', async () => {
    const engine = intercept(fake, (method) => {
      if (method === 'start') stop.stop('cancelled');
    });
    const ended = await run({ args: FOREVER }, { engine });
    expect(ended).toMatchObject({ conclusion: 'CANCELLED' });
  });

  test.each(['cancelled', 'timed-out', 'shut-down'] as const)(
    'while its output is collected (%s) keeps its result: it had ended',
    async (reason) => {
      const engine = intercept(fake, (method) => {
        if (method === 'inspect') stop.stop(reason);
      });
      const ended = await run({ args: ['sh', '-c', 'exit 143'] }, { engine });
      expect(ended).toMatchObject({ conclusion: 'FAILURE', exitCode: 143, error: null });
    },
  );

  test('is concluded so also when the engine could not stop it, and its container goes', async () => {
    const engine = override(fake, {
      stop: async () => {
        throw new EngineError('engine.failed', 'can not');
      },
    });
    const { id, result } = await begin({ args: FOREVER }, { engine });
    await isReady(id);
    stop.stop('cancelled');
    expect(await result).toMatchObject({ conclusion: 'CANCELLED' });
    expect(fake.containerCount).toBe(0);
  });
});

describe('a worker that shuts down', () => {
  test('leaves a job the result that it reaches within the grace', async () => {
    const script = "trap 'echo done; exit 0' TERM; echo ready; sleep 600";
    const { id, result } = await begin({ args: ['sh', '-c', script], killTimeoutSeconds: 30 });
    await isReady(id);
    stop.stop('shut-down');
    expect(await result).toMatchObject({ conclusion: 'SUCCESS', exitCode: 0 });
  });

  test.each([
    ['before', [() => stop.hurry(), () => stop.stop('shut-down')], [1]],
    ['after', [() => stop.stop('shut-down'), () => stop.hurry()], [30, 1]],
  ])('in a hurry, told %s the stop, leaves a second of grace', async (_, steps, graces) => {
    const seen: number[] = [];
    const engine = override(fake, {
      stop: async (container, grace) => {
        seen.push(grace);
        if (grace <= 1) fake.kill(container);
      },
    });
    const { id, result } = await begin({ args: FOREVER, killTimeoutSeconds: 30 }, { engine });
    await isReady(id);
    for (const step of steps) step();
    expect(await result).toMatchObject({ error: { code: 'worker.stopped' } });
    expect(seen).toEqual(graces);
  });

  test.each(['findImage', 'create', 'attach'] as const)(
    'during %s gives the job back to the queue',
    async (at) => {
      const engine = intercept(fake, (method) => {
        if (method === at) stop.stop('shut-down');
      });
      const { id, result } = await begin({ args: ['true'] }, { engine });
      await expect(result).rejects.toBeInstanceOf(StoppedError);
      expect(await ledger.submissions.find(id)).toMatchObject({ state: 'queued', result: null });
      expect(fake.containerCount).toBe(0);
    },
  );

  test('gives the job back also when a call to the engine failed meanwhile', async () => {
    const engine = intercept(fake, (method) => {
      if (method !== 'create') return;
      stop.stop('shut-down');
      throw new EngineError('engine.failed', 'just now');
    });
    const { id, result } = await begin({ args: ['true'] }, { engine });
    await expect(result).rejects.toBeInstanceOf(StoppedError);
    expect(await ledger.submissions.find(id)).toMatchObject({ state: 'queued' });
  });

  test.each(['start', 'stop'] as const)(
    'after the start was written down (%s) ends the job as worker.stopped',
    async (at) => {
      const engine = intercept(fake, (method) => {
        if (method === at) stop.stop('shut-down');
      });
      const { id, result } = await begin({ args: FOREVER }, { engine });
      if (at === 'stop') {
        await isReady(id);
        stop.stop('shut-down');
      }
      expect(await result).toMatchObject({
        conclusion: 'UNKNOWN',
        error: { code: 'worker.stopped' },
      });
    },
  );

  test('between writing the start down and starting does not lose the job', async () => {
    const attempts = new Proxy(ledger.attempts, {
      get(target, name) {
        const method = Reflect.get(target, name);
        return async (...args: unknown[]) => {
          const answer = await method.apply(target, args);
          if (name === 'advance' && args[1] === 'started') stop.stop('shut-down');
          return answer;
        };
      },
    });
    const id = await ledger.submit({ image: 'shell', args: ['true'] });
    const claim = await ledger.claim(id);
    const result = await runJob(jobDependencies(fake, attempts), claim, stop);
    expect(result).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'worker.stopped' } });
    expect(fake.containerCount).toBe(0);
  });
});

describe('a worker that lost its claim', () => {
  const takeAway = (id: string) => ledger.redis.hset(keys.job(id), 'token', 'another');

  test.each(['findImage', 'create', 'attach', 'start', 'inspect'] as const)(
    'at %s records nothing, and leaves the container to the reaper',
    async (at) => {
      let id = '';
      const engine = intercept(fake, async (method) => {
        if (method === at) await takeAway(id);
      });
      id = await ledger.submit({ image: 'shell', args: ['sh', '-c', 'echo x; exit 1'] });
      const claim = await ledger.claim(id);
      const dependencies = jobDependencies(engine, ledger.attempts);
      await expect(runJob(dependencies, claim, stop)).rejects.toBeInstanceOf(FencedError);
      expect(await ledger.submissions.find(id)).toMatchObject({ state: 'running', result: null });
      expect(fake.containerCount).toBe(1);
    },
  );

  test('while the container runs lets go of it: it may be running for its new owner', async () => {
    const { id, result } = await begin({ args: FOREVER, killTimeoutSeconds: 30 });
    await isReady(id);
    await takeAway(id);
    stop.stop('fenced');
    await expect(result).rejects.toBeInstanceOf(FencedError);
    const [container] = await fake.list({});
    expect(await fake.inspect(container?.id ?? '')).toMatchObject({ status: 'running' });
  });
});

describe('an engine that fails', () => {
  test.each(ENGINE_METHODS)('at %s leaves no container, and the job is recorded', async (at) => {
    let failures = 1;
    const engine = intercept(fake, (method) => {
      if (method === at && failures-- > 0) throw new EngineError('engine.failed', 'broken');
    });
    const { id } = await run({ args: ['sh', '-c', 'echo x; exit 1'], remove: true }, { engine });
    expect(await ledger.submissions.find(id)).toMatchObject({ state: 'finished' });
    // What could not be removed is left to the reaper.
    expect(fake.containerCount).toBe(at === 'remove' ? 1 : 0);
  });

  const BEFORE_START: readonly string[] = ['findImage', 'create'];
  const away = (at: string) => {
    let failures = 1;
    return intercept(fake, (method) => {
      if (method === at && failures-- > 0) throw new EngineError('engine.unavailable', 'away');
    });
  };
  const job = { args: ['sh', '-c', 'echo x; exit 1'], remove: true };

  test.each(BEFORE_START)('to answer once, at %s, gives the job back to the queue', async (at) => {
    const { id, result } = await begin(job, { engine: away(at) });
    await expect(result).rejects.toMatchObject({ code: 'engine.unavailable' });
    expect(await ledger.submissions.find(id)).toMatchObject({ state: 'queued', result: null });
    expect(fake.containerCount).toBe(0);
  });

  test('to answer once its container was made leaves none of it, and gives the job back', async () => {
    const engine = override(fake, {
      create: async (spec) => {
        await fake.create(spec);
        throw new EngineError('engine.unavailable', 'cut off');
      },
    });
    const { id, result } = await begin(job, { engine });
    await expect(result).rejects.toMatchObject({ code: 'engine.unavailable' });
    expect(await ledger.submissions.find(id)).toMatchObject({ state: 'queued' });
    expect(fake.containerCount).toBe(0);
  });

  test.each(ENGINE_METHODS.filter((it) => !BEFORE_START.includes(it)))(
    'to answer once, at %s, is not asked in vain',
    async (at) => {
      const { record } = await run(job, { engine: away(at) });
      // The container may have been started then.
      expect(record?.result?.conclusion).toBe(at === 'start' ? 'UNKNOWN' : 'FAILURE');
      expect(fake.containerCount).toBe(at === 'remove' ? 1 : 0);
    },
  );

  test('and comes back while the job runs costs nothing but the certainty that no output is lacking', async () => {
    const script = "trap 'echo last; exit 5' TERM; echo ready; sleep 600";
    const rejoined = Promise.withResolvers<void>();
    const engine = intercept(fake, (method) => {
      if (method === 'watchExit' && fake.containerCount > 0) rejoined.resolve();
    });
    const { id, result } = await begin(
      { args: ['sh', '-c', script], killTimeoutSeconds: 30 },
      { engine },
    );
    await isReady(id);
    fake.goAway();
    fake.comeBack();
    await rejoined.promise;
    stop.stop('timed-out');
    expect(await result).toMatchObject({
      conclusion: 'FAILURE',
      exitCode: 5,
      error: { code: 'output.incomplete' },
    });
    expect(await outputOf(id)).toBe('ready\nlast\n');
  });

  test('in mid-start does not take the time limit from a job that runs after all', async () => {
    const engine = override(fake, {
      start: async (id) => {
        await fake.start(id);
        fake.goAway();
        fake.comeBack();
        throw new EngineError('engine.unavailable', 'cut off');
      },
    });
    const ended = await run({ args: FOREVER, timeoutSeconds: 1 }, { engine });
    expect(ended).toMatchObject({ conclusion: 'TIMED_OUT', output: { stdout: 'ready\n' } });
  });

  test('for good does not keep a worker from shutting down', async () => {
    const { id, result } = await begin({ args: FOREVER });
    await isReady(id);
    fake.goAway();
    stop.stop('shut-down');
    expect(await result).toMatchObject({ error: { code: 'worker.stopped' } });
    fake.comeBack();
  });

  test('and ended the container itself loses the run', async () => {
    const { id, result } = await begin({ args: FOREVER });
    await isReady(id);
    const [container] = await fake.list({});
    fake.goAway();
    fake.kill(container?.id ?? '');
    fake.comeBack();
    expect(await result).toMatchObject({ conclusion: 'UNKNOWN', error: { code: 'worker.lost' } });
  });
});
