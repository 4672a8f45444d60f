import { ConfigError, loadConfig } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { workerConfigSchema } from './config.ts';

const load = (env: Record<string, string>) => loadConfig(workerConfigSchema, env);

describe('the environment of a worker', () => {
  test('has a default for everything', () => {
    expect(load({})).toMatchObject({
      redis: { url: 'redis://127.0.0.1:6379' },
      engineAddress: { socketPath: '/var/run/docker.sock' },
      sandbox: {
        profiles: ['default', 'untrusted'],
        memoryBytes: undefined,
        swapBytes: 0,
        runtime: undefined,
        untrustedRuntime: undefined,
      },
      leaseMs: 30_000,
    });
  });

  test('is refused with every wrong variable at once', () => {
    const wrong = {
      REDIS_URL: 'localhost:6379',
      DOCKER_HOST: 'ssh://host',
      DOCKER_TLS_VERIFY: '1',
      WORKER_NAME: 'no spaces',
      WORKER_CONCURRENCY: '0',
      WORKER_LEASE_SECONDS: 'long',
    };
    const told = () => load(wrong);
    expect(told).toThrow(ConfigError);
    const names = Object.keys(wrong).filter((name) => name !== 'DOCKER_TLS_VERIFY');
    for (const name of [...names, 'DOCKER_CERT_PATH']) expect(told).toThrow(`  ${name}: `);
  });

  test('has labels as name=value with commas between', () => {
    const { labels } = load({ WORKER_LABELS: 'arch=arm64, gpu=true,zone/rack=eu_1.a-b' });
    expect(labels).toEqual({ arch: 'arm64', gpu: 'true', 'zone/rack': 'eu_1.a-b' });
    expect(load({}).labels).toEqual({});
  });

  test.each([
    ['gpu=true,gpu=false', 'label "gpu": It is given twice.'],
    ['arch=arm64,GPU=true', 'label "GPU": A label name takes'],
    ['gpu=yes!', 'label "gpu": A label value takes'],
    ['gpu', 'label "gpu": A label value takes'],
    ['gpu=a=b', 'label "gpu": A label value takes'],
    ['gpu=true,', 'label "": A label name takes'],
    ['__proto__=x', 'label "__proto__": A name can not be'],
    [`${'x'.repeat(64)}=1`, `label "${'x'.repeat(64)}": A label name takes`],
  ])('refuses the labels %s, and says which is wrong', (text, message) => {
    expect(() => load({ WORKER_LABELS: text })).toThrow(`  WORKER_LABELS: ${message}`);
  });

  test.each(['redis://localhost:1', 'rediss://me:pw@r:1', 'unix:///r.sock'])(
    'takes Redis at %s',
    (url) => {
      expect(load({ REDIS_URL: url }).redis).toEqual({ url });
    },
  );

  test.each([
    [{ DOCKER_HOST: 'unix:///x.sock' }, { socketPath: '/x.sock' }],
    [
      { DOCKER_HOST: 'tcp://localhost' },
      { host: 'localhost', port: 2375, certificates: undefined },
    ],
    [
      { DOCKER_HOST: 'tcp://127.0.0.1', DOCKER_TLS_VERIFY: '0', DOCKER_CERT_PATH: '/c' },
      { host: '127.0.0.1', port: 2375, certificates: undefined },
    ],
    [
      { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/c' },
      { host: 'h', port: 2376, certificates: '/c' },
    ],
  ])('finds the engine of %j', (env, address) => {
    expect(load(env).engineAddress).toEqual(address);
  });

  test.each(['tcp://10.0.0.5', 'tcp://builder:2375', 'tcp://[fd00::1]:2375'])(
    'lets nobody come to an engine elsewhere without a certificate: %s',
    (host) => {
      expect(() => load({ DOCKER_HOST: host })).toThrow('  DOCKER_HOST: needs DOCKER_TLS_VERIFY=1');
      expect(() =>
        load({ DOCKER_HOST: host, DOCKER_TLS_VERIFY: '0', DOCKER_CERT_PATH: '/c' }),
      ).toThrow('  DOCKER_HOST: needs');
      load({ DOCKER_HOST: host, ALLOW_INSECURE_DOCKER: 'true' });
      load({ DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/c' });
    },
  );

  test('lets nobody come to a Redis elsewhere without TLS and a password', () => {
    expect(() => load({ REDIS_URL: 'redis://redis:6379' })).toThrow('  REDIS_URL: Must be rediss:');
  });
});
