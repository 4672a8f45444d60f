import { describe, expect, test } from 'vitest';
import type { EngineDescription } from '../engine/engine.ts';
import { fakeDescription } from '../engine/fake/fake-description.ts';
import { parseSpec } from '../testing/test-redis.ts';
import { decideSandbox, type SandboxedImage } from './decide-sandbox.ts';
import type { SandboxSettings } from './sandbox-settings.ts';

const MEBIBYTE = 1024 * 1024;
const SETTINGS: SandboxSettings = {
  profiles: ['default', 'untrusted', 'trusted'],
  memoryBytes: undefined,
  swapBytes: 0,
  cpus: undefined,
  pids: undefined,
  runtime: undefined,
  untrustedRuntime: undefined,
  untrustedTmpBytes: MEBIBYTE,
};
const IMAGE: SandboxedImage = { user: '', volumes: [] };
const HOST = fakeDescription();

interface Circumstances {
  readonly image?: Partial<SandboxedImage>;
  readonly host?: Partial<EngineDescription>;
  readonly settings?: Partial<SandboxSettings>;
}

function decide(job: object, { image, host, settings }: Circumstances = {}) {
  const spec = { ...parseSpec({ image: 'a' }), ...job };
  return decideSandbox(
    spec,
    { ...IMAGE, ...image },
    { ...HOST, ...host },
    { ...SETTINGS, ...settings },
  );
}

const refusal = (job: object, circumstances: Circumstances = {}): string => {
  try {
    decide(job, circumstances);
  } catch (error) {
    expect(error).toMatchObject({ code: 'sandbox.refused' });
    return (error as Error).message;
  }
  return '';
};

describe('the sandbox of a job', () => {
  test('is, by default, that of docker run less what few need, and limited', () => {
    expect(decide({ network: 'bridge' })).toEqual({
      profile: 'default',
      runtime: 'runc',
      network: 'bridge',
      droppedCapabilities: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
      noNewPrivileges: true,
      seccomp: true,
      readOnlyRoot: false,
      tmpfs: {},
      user: null,
      init: false,
      memoryBytes: HOST.memoryBytes / 2,
      swapBytes: 0,
      cpus: null,
      pids: 512,
    });
  });

  test('is, untrusted, without rights, network, and a way to the disk', () => {
    expect(decide({ profile: 'untrusted' }, { image: { volumes: ['/data'] } })).toMatchObject({
      network: 'none',
      droppedCapabilities: ['ALL'],
      noNewPrivileges: true,
      readOnlyRoot: true,
      tmpfs: { '/tmp': MEBIBYTE, '/data': MEBIBYTE },
      user: '65534:65534',
      memoryBytes: HOST.memoryBytes / 2,
      pids: 512,
    });
  });

  test('is, trusted, nothing but what the job asks for', () => {
    expect(decide({ profile: 'trusted' })).toMatchObject({
      droppedCapabilities: [],
      noNewPrivileges: false,
      readOnlyRoot: false,
      memoryBytes: null,
      swapBytes: null,
      cpus: null,
      pids: null,
    });
    const resources = { memoryBytes: 10 * MEBIBYTE };
    expect(decide({ profile: 'trusted', resources })).toMatchObject(resources);
  });

  test('has the limits that are configured, whatever its profile', () => {
    const limits = { memoryBytes: 64 * MEBIBYTE, swapBytes: 1, cpus: 0.5, pids: 7 };
    for (const profile of ['default', 'untrusted', 'trusted']) {
      expect(decide({ profile }, { settings: limits })).toMatchObject(limits);
    }
    const resources = { memoryBytes: 32 * MEBIBYTE, cpus: 0.25, pids: 3 };
    expect(decide({ resources }, { settings: limits })).toMatchObject(resources);
  });

  test('has no more CPUs than its host, unless the job asks for them', () => {
    expect(decide({}, { settings: { cpus: 64 } }).cpus).toBe(HOST.cpus);
    expect(decide({ resources: { cpus: 3 } }, { settings: { cpus: 64 } }).cpus).toBe(3);
  });

  test('is refused when the job asks for more than its worker allows', () => {
    expect(refusal({ profile: 'trusted' }, { settings: { profiles: ['default'] } })).toMatch(
      /^profile: /,
    );
    const resources = { memoryBytes: HOST.memoryBytes + 1 };
    expect(refusal({ resources })).toMatch(/^resources\.memoryBytes: /);
    expect(refusal({ resources: { pids: 513 } })).toMatch(/^resources\.pids: /);
    // The API may be of another mind.
    expect(refusal({ profile: 'untrusted', network: 'bridge' })).toMatch(/^network: /);
  });

  test.each([
    ['', '65534:65534'],
    ['root', '65534:65534'],
    ['app', '65534:65534'],
    ['0:0', '65534:65534'],
    ['1000', '1000:1000'],
    ['1000:50', '1000:50'],
  ])('runs, untrusted, an image of user %j as %s', (user, expected) => {
    expect(decide({ profile: 'untrusted' }, { image: { user } }).user).toBe(expected);
    expect(decide({ profile: 'untrusted', user: '7' }, { image: { user } }).user).toBe('7:7');
    expect(decide({}, { image: { user } }).user).toBeNull();
  });

  test('is gVisor’s for untrusted jobs, where the engine has it', () => {
    const host = { runtimes: ['runc', 'runsc'] };
    expect(decide({ profile: 'untrusted' }, { host }).runtime).toBe('runsc');
    expect(decide({}, { host }).runtime).toBe('runc');
    const settings = { runtime: 'crun' };
    expect(decide({ profile: 'untrusted' }, { settings }).runtime).toBe('crun');
  });

  test('is refused to untrusted jobs where the runtime that is configured for them is missing', () => {
    const settings = { untrustedRuntime: 'kata' };
    expect(refusal({ profile: 'untrusted' }, { settings })).toContain('no runtime kata');
    expect(refusal({}, { settings })).toBe('');
    const host = { runtimes: ['kata'] };
    expect(decide({ profile: 'untrusted' }, { settings, host }).runtime).toBe('kata');
    const shim = { untrustedRuntime: 'io.containerd.runsc.v1' };
    expect(decide({ profile: 'untrusted' }, { settings: shim }).runtime).toBe(
      shim.untrustedRuntime,
    );
  });

  test.each([
    ['seccomp', { hasSeccomp: false }],
    ['a memory limit', { limits: { ...HOST.limits, memory: false } }],
    ['a limit of processes', { limits: { ...HOST.limits, pids: false } }],
  ])('is refused to untrusted jobs by an engine without %s', (part, host) => {
    expect(refusal({ profile: 'untrusted' }, { host })).toContain(part);
  });

  test('says what the engine does not do', () => {
    const limits = { memory: false, swap: false, cpus: false, pids: false };
    expect(
      decide({}, { host: { limits, hasSeccomp: false }, settings: { cpus: 1 } }),
    ).toMatchObject({
      seccomp: false,
      memoryBytes: null,
      swapBytes: null,
      cpus: null,
      pids: null,
    });
    const host = { limits: { ...HOST.limits, swap: false } };
    expect(decide({}, { host })).toMatchObject({
      memoryBytes: HOST.memoryBytes / 2,
      swapBytes: null,
    });
  });

  test('is refused to an untrusted image with more volumes than there should be memory for', () => {
    const volumes = Array.from({ length: 17 }, (_, index) => `/v${index}`);
    expect(refusal({ profile: 'untrusted' }, { image: { volumes } })).toContain('volumes');
    expect(decide({}, { image: { volumes } }).tmpfs).toEqual({});
  });
});
