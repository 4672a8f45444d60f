import type { Claim, Sandbox } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { containerName, containerSpec } from './container-spec.ts';
import type { NamedVolume } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';
import { testSandbox } from './testing/specs.ts';
import { parseSpec } from './testing/test-redis.ts';

const defaults = {
  installation: 'one',
  worker: 'w1',
  maxOutputBytes: 5,
  leaseMs: 30_000,
};

interface Asked {
  readonly traceparent?: string;
  readonly [field: string]: unknown;
}

function specOf(
  { traceparent, ...job }: Asked,
  sandbox: Partial<Sandbox> = {},
  secret?: NamedVolume,
) {
  const traced = traceparent === undefined ? {} : { traceparent };
  const spec = { ...parseSpec({ image: 'a/b:1', ...job }), stdinBytes: null, ...traced };
  const claim: Claim = {
    id: 'j1',
    token: 't',
    attempt: 2,
    retries: 0,
    spec,
    queueMs: 0,
    cancelReason: '',
  };
  return containerSpec(claim, 'sha256:1', testSandbox(sandbox), defaults, { volume: secret });
}

describe('the container of a job', () => {
  test('is named after job and attempt, so that the engine refuses a second one', () => {
    expect(specOf({}).name).toBe(containerName({ id: 'j1', attempt: 2 }));
    expect(containerName({ id: 'j1', attempt: 2 })).not.toBe(
      containerName({ id: 'j1', attempt: 3 }),
    );
  });

  test('carries what the reaper needs', () => {
    expect(specOf({ retentionSeconds: 7 }).labels).toMatchObject({
      [LABELS.worker]: 'w1',
      [LABELS.job]: 'j1',
      [LABELS.keepSeconds]: '7',
      [LABELS.leaseMs]: '30000',
    });
    expect(specOf({ remove: true }).labels[LABELS.keepSeconds]).toBe('0');
    expect(specOf({ removeImage: true }).labels[LABELS.removeImage]).toBe('true');
    expect(specOf({}).labels[LABELS.removeImage]).toBeUndefined();
  });

  test('sees the trace of its job, unless it brings its own', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(specOf({ traceparent }).env['TRACEPARENT']).toBe(traceparent);
    expect(specOf({ traceparent, env: { TRACEPARENT: 'x' } }).env['TRACEPARENT']).toBe('x');
    expect(specOf({}).env).not.toHaveProperty('TRACEPARENT');
  });

  test('sees which job and attempt it is, beside its own environment', () => {
    expect(specOf({ env: { A: 'b' } }).env).toEqual({
      A: 'b',
      CONJOB_JOB_ID: 'j1',
      CONJOB_ATTEMPT: '2',
    });
  });

  test.each(['/run/build/secrets', '/run/build/secrets/', '/run//build/../build/secrets'])(
    'has its secret, and no memory of the image’s at the same place: %s',
    (folder) => {
      const secret = { name: 's', target: '/run/build/secrets', labels: {} };
      const tmpfs = { '/tmp': 1, [folder]: 1, '/run/build': 1 };
      const spec = specOf({}, { tmpfs }, secret);
      expect(spec.sandbox.tmpfs).toEqual({ '/tmp': 1, '/run/build': 1 });
      expect(spec.volumes).toEqual([secret]);
      // Without a secret the folder is the image's.
      expect(specOf({}, { tmpfs }).sandbox.tmpfs).toEqual(tmpfs);
    },
  );

  test('has a volume for an engine of its own only when asked, or where engines nest', () => {
    expect(specOf({}).volumes).toEqual([]);
    expect(specOf({ useDockerCache: true }).volumes).toHaveLength(1);
    expect(specOf({}, { runtime: 'sysbox-runc' }).volumes).toHaveLength(1);
    expect(specOf({ useDockerCache: false }, { runtime: 'sysbox-runc' }).volumes).toEqual([]);
  });
});
