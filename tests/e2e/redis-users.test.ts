import {
  commandsOf,
  connectPatient,
  disconnect,
  generateKeys,
  keyRules,
  REDIS_ROLES,
  type RedisRole,
  Releasers,
} from '@conjob/shared';
import {
  listContainers,
  startTestRedis,
  TEST_IMAGES,
  type TestRedis,
  tempFolder,
} from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, until } from '../support/http.ts';
import { loginUrl, refusals, USERS } from '../support/redis-logins.ts';
import { launch } from '../support/start-process.ts';
import { recordUsage, type Usage } from './support/redis-usage.ts';
import { scriptCommands } from './support/script-commands.ts';
import { liveWholeLife } from './support/whole-life.ts';

/**
 * API, worker, reaper and `keys` log in as the users that ConJob ships, and do all that they ever do. What
 * Redis sees of it is compared with what the users may do.
 */
const releasers = new Releasers();
let redis: TestRedis;
let known: ReadonlySet<string>;
let usages: ReadonlyMap<string, Usage>;

/**
 * Of the caches, at which a reaper looks once a minute: too seldom for this life. And of a worker that takes over
 * a job whose output it has to count: `shutdown.test.ts` holds that it may.
 */
const RARE: Partial<Record<RedisRole, readonly string[]>> = {
  reaper: ['zrange', 'zrem', '~{conjob}:image-use:*', '~{conjob}:volume-use:*'],
  worker: ['xrange'],
};
const rareOf = (role: RedisRole): readonly string[] => RARE[role] ?? [];

beforeAll(async () => {
  redis = await startTestRedis({ appendOnly: true, listen: 'tcp', users: USERS });
  releasers.push(() => redis.stop());
  const admin = connectPatient(redis.url);
  known = new Set((await admin.call('COMMAND', 'LIST')) as string[]);
  await disconnect(admin);
  const recorder = await recordUsage(Number(new URL(redis.url).port));
  const folder = tempFolder();
  releasers.push(async () => folder.remove());
  await generateKeys(folder.path);
  await live(folder.path);
  usages = await recorder.stop();
});
afterAll(() => releasers.releaseAll());

function start(role: RedisRole, env: Readonly<Record<string, string>>, ...args: string[]) {
  const app = role === 'api' ? 'api' : 'worker';
  const started = launch(app, { REDIS_URL: loginUrl(redis, role), ...env }, { args });
  releasers.push(async () => {
    await started.stop();
    started.forget();
  });
  return started;
}

async function live(keysFolder: string): Promise<void> {
  const common = { SECRET_KEYS_DIR: keysFolder };
  const env = { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none', ...common };
  const api = start('api', env);
  const [, url = '', adminUrl = ''] = await api.says(
    /"url":"(http:[^"]+)","adminUrl":"(http:.+?)"/,
  );
  const workerEnv = {
    DOCKER_HOST: `unix://${inject('engineSocket')}`,
    WORKER_LABELS: 'side=north',
    WORKER_LEASE_SECONDS: '4',
    ...common,
  };
  const north = start('worker', { WORKER_NAME: 'acl-north', ...workerEnv });
  const reaper = start('reaper', { IMAGE_CACHE_BYTES: '1000000000', ...workerEnv }, 'reaper');
  await Promise.all([north.says(/worker is ready/), reaper.says(/reaper is ready/)]);
  await liveWholeLife({ url, adminUrl, worker: 'acl-north' });

  // A secret that is sealed to one more key, and a worker that is killed: its job is lost, then its place taken.
  await fetch(`${url}/secrets?image=x`, { method: 'POST', body: 'hush' });
  for (const command of ['add', 'reseal']) {
    const keysCommand = start('keys', common, 'keys', command);
    expect(await keysCommand.exited, keysCommand.output()).toBe(0);
  }
  const query = new URLSearchParams({
    image: TEST_IMAGES.busybox.tag,
    pull: 'never',
    arg: 'sleep',
  });
  const job = await getJson(`${url}/jobs?${query}&arg=600&remove=true`, { method: 'POST' });
  await until(
    () => getJson(`${url}/jobs/${job['id']}`),
    ({ phase }) => phase === 'running',
  );
  north.kill('SIGKILL');
  const lost = await getJson(`${url}/jobs/${job['id']}?wait=60`);
  expect(lost).toMatchObject({ error: { code: 'worker.lost' } });
  await until(
    () => listContainers({ socketPath: inject('engineSocket') }),
    (left) => left.every(({ labels }) => labels['conjob.job'] !== job['id']),
  );
  const south = start('worker', { WORKER_NAME: 'acl-north', ...workerEnv });
  await south.says(/worker is ready/);
  expect((await fetch(`${url}/job/run?${query}&arg=0&remove=true`)).status).toBe(200);
  expect(await south.stop()).toBe(0);
}

it('Redis refuses nothing to the users of ConJob', async () => {
  expect(await refusals(redis)).toEqual([]);
});

it.each(REDIS_ROLES)(
  'the user %s may do what it needs, in rare branches too, and no more',
  (role) => {
    const { commands, scripts } = usages.get(role) as Usage;
    const used = new Set([
      ...commands,
      ...[...scripts].flatMap((text) => scriptCommands(text, known)),
    ]);
    for (const free of ['hello', 'auth', 'quit']) used.delete(free);
    expect([...used, ...rareOf(role)]).toEqual(expect.arrayContaining(commandsOf(role)));
    expect(commandsOf(role)).toEqual(expect.arrayContaining([...used]));
  },
);

it.each(REDIS_ROLES)('the user %s may use no key that it does not need', (role) => {
  const names = [...(usages.get(role) as Usage).names];
  const idle = keyRules(role).filter((rule) => {
    const pattern = rule
      .replace(/^.*?[~&]/, '')
      .split('*')
      .map((part) => part.replace(/[{}.|]/g, '\\$&'))
      .join('.*');
    return !names.some((name) => new RegExp(`^${pattern}$`).test(name));
  });
  expect(idle).toEqual(rareOf(role).filter((rare) => rare.startsWith('~')));
});
