import type { Sandbox } from '@conjob/shared';
import { TEST_IMAGES } from '@conjob/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { ContractContext, WORKER } from '../engine/contract/context.ts';
import { LABELS } from '../engine/labels.ts';
import { sharedEngine, sharedUpkeep } from '../testing/services.ts';
import { parseSpec } from '../testing/test-redis.ts';
import { decideSandbox } from './decide-sandbox.ts';

const MEBIBYTE = 1024 * 1024;
const engine = sharedEngine();
const upkeep = sharedUpkeep();
const image = TEST_IMAGES.noCommand.tag;
const context = new ContractContext({
  engine,
  image,
  echoImage: TEST_IMAGES.echo.tag,
  removeVolume: (name) => upkeep.removeVolume(name),
});
afterEach(() => context.clear());

/** As a worker with the usual settings decides it on this engine, where all profiles are allowed. */
async function sandboxOf(job: object): Promise<Sandbox> {
  return decideSandbox(
    { ...parseSpec({ image }), ...job },
    { user: '', volumes: ['/data'] },
    await engine.describe(),
    {
      profiles: ['default', 'untrusted', 'trusted'],
      memoryBytes: 64 * MEBIBYTE,
      swapBytes: 0,
      cpus: undefined,
      pids: undefined,
      runtime: undefined,
      untrustedRuntime: undefined,
      untrustedTmpBytes: MEBIBYTE,
    },
  );
}

/** What a script in the container of such a job prints. */
async function see(job: object, script: string): Promise<string> {
  const sandbox = await sandboxOf(job);
  const labels = { [LABELS.worker]: WORKER, [LABELS.profile]: sandbox.profile };
  const { stdout, stderr } = await context.run(context.sh(script, { sandbox, labels }));
  return `${stdout}${stderr}`;
}

const STATUS =
  "grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr '\\t' ' '";
const FIRST = "tr '\\0' ' ' < /proc/1/cmdline; true";
const DEFAULT_LESS_THREE = '00000000800405fb';
const DOCKERS_DEFAULT = '00000000a80425fb';
/** A write that can't be done says so; one that can says nothing. */
const attempt = (command: string) => `${command} 2>/dev/null && echo did ${command.split(' ')[0]}`;

describe('a process of a default job', () => {
  test('has few rights, and gets no more', async () => {
    const status = await see({}, STATUS);
    expect(status).toContain(`CapEff: ${DEFAULT_LESS_THREE}`);
    expect(status).toContain(`CapBnd: ${DEFAULT_LESS_THREE}`);
    expect(status).toContain('NoNewPrivs: 1');
    expect(status).toContain('Seccomp: 2');
  });

  test('makes no device', async () => {
    expect(await see({}, attempt('mknod /dev/mine b 8 0'))).toBe('');
    const trusted = await see({ profile: 'trusted' }, attempt('mknod /dev/mine b 8 0'));
    expect(trusted).toBe('did mknod\n');
  });

  test('sees no other process, no other cgroup, and no memory of the kernel', async () => {
    const pids = await see({}, "ls /proc | grep -E '^[0-9]+$' | wc -l");
    expect(Number(pids)).toBeLessThan(6);
    const groups = await see({}, 'cut -d: -f3 /proc/self/cgroup | sort -u');
    expect(groups).toBe('/\n');
    expect(await see({}, 'head -c 1 /proc/kcore 2>/dev/null | wc -c')).toBe('0\n');
  });

  test.each(['/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/sys/kernel/uevent_helper'])(
    'does not write to %s',
    async (path) => {
      expect(await see({}, `(echo x > ${path}) 2>/dev/null && echo did`)).toBe('');
    },
  );

  test('finds nothing of the host mounted', async () => {
    const mounts = await see({}, "cut -d' ' -f2 /proc/self/mounts | sort -u");
    const expected = /^\/$|^\/(proc|sys|dev)(\/|$)|^\/etc\/(resolv\.conf|hostname|hosts)$/;
    for (const mount of mounts.trim().split('\n')) expect(mount).toMatch(expected);
  });

  test('is the first of its container, unless an init is asked for', async () => {
    expect(await see({}, FIRST)).toMatch(/^sh -c /);
    expect(await see({ init: true }, FIRST)).toMatch(/docker-init/);
  });
});

describe('a process of an untrusted job', () => {
  const job = { profile: 'untrusted' };

  test('has no rights, and is nobody', async () => {
    const status = await see(job, STATUS);
    expect(status).toContain('CapEff: 0000000000000000');
    expect(status).toContain('CapBnd: 0000000000000000');
    expect(status).toContain('NoNewPrivs: 1');
    expect(status).toContain('Seccomp: 2');
    expect(status).toContain('Uid: 65534 65534 65534 65534');
    expect(await see(job, 'id -G')).toBe('65534\n');
  });

  test('writes to /tmp and to volumes of the image, so much, and nowhere else', async () => {
    const fill = (path: string) =>
      `dd if=/dev/zero of=${path} bs=64k count=32 2>/dev/null; wc -c < ${path}`;
    expect(await see(job, fill('/tmp/x'))).toBe(`${MEBIBYTE}\n`);
    expect(await see(job, fill('/data/x'))).toBe(`${MEBIBYTE}\n`);
    const elsewhere =
      'find / -xdev -type d 2>/dev/null | while read d; do (> "$d/mine") 2>/dev/null && echo "$d"; done';
    expect(await see(job, elsewhere)).toBe('/tmp\n/data\n');
    expect(await see({}, '(> /mine) && echo did')).toBe('did\n');
  });

  test('has no network but its own loopback', async () => {
    expect(await see(job, 'ls /sys/class/net')).toBe('lo\n');
  });
});

test('a process of a trusted job has what docker run gives it', async () => {
  const status = await see({ profile: 'trusted' }, STATUS);
  expect(status).toContain(`CapEff: ${DOCKERS_DEFAULT}`);
  expect(status).toContain('NoNewPrivs: 0');
  expect(status).toContain('Seccomp: 2');
});
