import { describe, expect, test } from 'vitest';
import { type AskedSandbox, isNonRoot, refusals, type SandboxBounds } from './sandbox-rules.ts';

const asked = (more: Partial<AskedSandbox> = {}): AskedSandbox => ({
  profile: 'default',
  resources: {},
  ...more,
});
const pathsOf = (job: Partial<AskedSandbox>, bounds: SandboxBounds = {}) =>
  refusals(asked(job), bounds).map(({ path }) => path.join('.'));

describe('what a job may ask for', () => {
  test('is nothing that its operator did not allow', () => {
    expect(pathsOf({ profile: 'default' })).toEqual([]);
    expect(pathsOf({ profile: 'untrusted' })).toEqual([]);
    expect(pathsOf({ profile: 'trusted' })).toEqual(['profile']);
    expect(pathsOf({ profile: 'trusted' }, { profiles: ['trusted'] })).toEqual([]);
    expect(pathsOf({ profile: 'default' }, { profiles: ['untrusted'] })).toEqual(['profile']);
  });

  test.each([
    [{ network: 'bridge' }, 'network'],
    [{ user: 'root' }, 'user'],
    [{ user: 'app' }, 'user'],
    [{ user: '0' }, 'user'],
    [{ user: '1000:0' }, 'user'],
    [{ useDockerCache: true }, 'useDockerCache'],
  ] as const)('is, untrusted, not %j', (job, path) => {
    expect(pathsOf({ profile: 'untrusted', ...job })).toEqual([path]);
    expect(pathsOf({ profile: 'default', ...job })).toEqual([]);
  });

  test('is, untrusted, what goes with it', () => {
    const fitting = { network: 'none', user: '1000:1000', useDockerCache: false } as const;
    expect(pathsOf({ profile: 'untrusted', ...fitting })).toEqual([]);
  });

  test('is at most what is configured, and as much as that', () => {
    const bounds = { memoryBytes: 100, cpus: 1, pids: 10 };
    expect(pathsOf({ resources: { memoryBytes: 100, cpus: 1, pids: 10 } }, bounds)).toEqual([]);
    const paths = ['resources.memoryBytes', 'resources.cpus', 'resources.pids'];
    expect(pathsOf({ resources: { memoryBytes: 101, cpus: 1.01, pids: 11 } }, bounds)).toEqual(
      paths,
    );
  });

  test('is 512 processes where no other number is configured, but for trusted jobs', () => {
    const resources = { pids: 513 };
    expect(pathsOf({ resources })).toEqual(['resources.pids']);
    expect(pathsOf({ resources }, { pids: 600 })).toEqual([]);
    expect(pathsOf({ profile: 'trusted', resources }, { profiles: ['trusted'] })).toEqual([]);
  });
});

test.each(['1', '1000', '65534:65534', '2147483647:1'])('%s is not root in any image', (user) => {
  expect(isNonRoot(user)).toBe(true);
});

test.each([
  ...['', '0', '00', '0:0', '1:0', '0:1', 'root', 'nobody', 'nobody:1', '1:nogroup', '1:', ':1'],
  ...[
    '-1',
    '+1',
    ' 1',
    '1 ',
    '0x1',
    '1e3',
    '01',
    '4294967296',
    '2147483648',
    '1:4294967296',
    '1:1:1',
    '1\n',
  ],
])('%j may be root, or is no user', (user) => {
  expect(isNonRoot(user)).toBe(false);
});
