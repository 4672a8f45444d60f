import { startTestEngine, TEST_IMAGES, type TestEngine } from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ContractContext, WORKER } from '../engine/contract/context.ts';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerEngine } from '../engine/docker/docker-engine.ts';
import { DockerHelpers } from '../engine/docker/docker-helpers.ts';
import { LABELS } from '../engine/labels.ts';
import { HeldNetwork } from '../networks/held-network.ts';
import { closeIdleConnections } from '../testing/services.ts';
import { parseSpec } from '../testing/test-redis.ts';
import { decideSandbox } from './decide-sandbox.ts';

const MEBIBYTE = 1024 * 1024;
const image = TEST_IMAGES.noCommand.tag;

closeIdleConnections();

let host: TestEngine;
let engine: DockerEngine;
let context: ContractContext;
let held: HeldNetwork;

beforeAll(async () => {
  host = await startTestEngine({ withCrun: true });
  const docker = connectDocker({ socketPath: host.socketPath });
  engine = new DockerEngine(docker);
  const echoImage = TEST_IMAGES.echo.tag;
  context = new ContractContext({ engine, image, echoImage, removeVolume: async () => {} });
  const owner = { installation: 'test', worker: 'test' };
  held = await HeldNetwork.make(new DockerHelpers(docker), owner, 'none');
});
afterEach(() => context.clear());
afterAll(async () => {
  held.close();
  await engine.remove(held.helper);
  await host.stop();
});

/** What a script prints, and how it ends, in the container of a job of this profile. */
async function see(runtime: string, profile: string, script: string, joins?: string) {
  const settings = {
    profiles: ['default', 'untrusted', 'trusted'],
    memoryBytes: 64 * MEBIBYTE,
    swapBytes: 0,
    cpus: 0.5,
    pids: 32,
    runtime,
    untrustedRuntime: undefined,
    untrustedTmpBytes: MEBIBYTE,
  } as const;
  const job = { ...parseSpec({ image }), profile, network: 'none' } as const;
  const of = { user: '', volumes: ['/data'] };
  const sandbox = decideSandbox(
    { ...job, profile: job.profile as 'default' },
    of,
    await engine.describe(),
    settings,
  );
  expect(sandbox.runtime).toBe(runtime);
  const labels = { [LABELS.worker]: WORKER, [LABELS.profile]: profile };
  const spec = context.sh(script, { sandbox, labels, ...(joins ? { joins } : {}) });
  const { stdout, stderr, exitCode } = await context.run(spec);
  return { stdout, stderr, exitCode };
}

const limit = (...names: string[]) => names.map((name) => `/sys/fs/cgroup/${name}`).join(' ');

/** Each is the same by both runtimes; what it is, `inside-view.test.ts` says of runc. */
const LOOKS = {
  rights: "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/self/status",
  limits: `cat ${limit('memory/memory.limit_in_bytes', 'memory/memory.memsw.limit_in_bytes', 'memory.max', 'memory.swap.max')} ${limit('pids/pids.max', 'pids.max', 'cpu/cpu.cfs_quota_us', 'cpu.max')} 2>/dev/null; ulimit -a`,
  // Version 2 may be beside version 1, which is what limits: crun leaves out the former.
  groups:
    "grep -v '^0:' /proc/self/cgroup | cut -d: -f3 | sort -u | sed 's,/docker/.*,/docker/ID,'",
  processes: "set -- /proc/[0-9]*; echo $#; tr '\\0' ' ' < /proc/1/cmdline",
  kernel:
    'for f in /proc/kcore /proc/keys /proc/timer_list; do head -c 1 $f 2>/dev/null | wc -c; done; ls -A /sys/firmware /proc/acpi 2>/dev/null; true',
  writes:
    'for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /sys/kernel/uevent_helper /sys/fs/cgroup/devices/devices.allow; do (echo x > $f) 2>/dev/null && echo $f; done; true',
  folders:
    'find / -xdev -type d 2>/dev/null | while read d; do (> "$d/mine") 2>/dev/null && echo "$d"; done | sort',
  // A link to /proc/kcore, which is masked.
  devices: 'ls /dev | grep -v ^core$ | sort; mknod /dev/mine b 8 0 2>/dev/null && echo made',
  mounts:
    "cut -d' ' -f2,3 /proc/self/mounts | grep -vE '^/(proc|sys)/' | sort -u; dd if=/dev/zero of=/tmp/x bs=64k count=32 2>/dev/null; wc -c < /tmp/x",
  network: 'ls /sys/class/net; ip -o addr; ip route',
  names: 'env | grep -v HOSTNAME | sort; cat /etc/hosts | wc -l; id; pwd',
  ends: 'echo out; echo err >&2; exit 7',
};

const EVERYTHING = Object.entries(LOOKS)
  .map(([name, script]) => `echo '== ${name}'; ( ${script} )`)
  .join('\n');

test.each(['default', 'untrusted', 'trusted'])(
  'a process of a job of profile %s sees by crun what it sees by runc',
  async (profile) => {
    const [runc, crun] = [
      await see('runc', profile, EVERYTHING),
      await see('crun', profile, EVERYTHING),
    ];
    expect(crun).toEqual(runc);
    expect(crun.exitCode).toBe(7);
    for (const name of Object.keys(LOOKS)) expect(crun.stdout).toContain(`== ${name}\n`);
  },
);

describe('a job by crun in a held network', () => {
  test('leaves it as it was made when it only printed', async () => {
    expect((await see('crun', 'default', 'ip addr; cat /etc/hosts', held.helper)).exitCode).toBe(0);
    expect(await held.isAsMade()).toBe(true);
  });

  test('is found to have sent a packet', async () => {
    await see('crun', 'default', 'nc 127.0.0.1 9 </dev/null; true', held.helper);
    expect(await held.isAsMade()).toBe(false);
  });
});

test('a job by crun that needs more memory than it has is ended, and that is said', async () => {
  const { exitCode } = await see('crun', 'default', 'x=a; while :; do x=$x$x; done');
  expect(exitCode).toBe(137);
  const [job] = await engine.list({ [LABELS.worker]: WORKER });
  expect((await engine.inspect(job?.id ?? ''))?.outOfMemory).toBe(true);
});
