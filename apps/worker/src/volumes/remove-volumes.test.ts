import { TEST_IMAGES } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dockerCache } from '../docker-cache.ts';
import type { NamedVolume } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import { sharedEngine, sharedUpkeep } from '../testing/services.ts';
import { testContainer } from '../testing/specs.ts';
import { removeVolumes, type VolumeHost } from './remove-volumes.ts';

const engine = sharedEngine();
const upkeep = sharedUpkeep();
const OURS = `volumes-${process.pid}`;
const THEIRS = `others-${process.pid}`;
const host: VolumeHost = { engine, upkeep, installation: OURS };
let cache: NamedVolume;
let made = 0;

beforeEach(() => {
  made += 1;
  cache = dockerCache(`acme/tool:${process.pid}-${made}`, OURS);
});

interface Holding {
  readonly installation?: string;
  readonly running?: boolean;
  readonly volume?: NamedVolume;
}

/** A container that has the cache volume. */
async function hold({ installation = OURS, running = false, volume = cache }: Holding = {}) {
  const labels = { [LABELS.installation]: installation };
  const args = running ? ['sleep', '600'] : ['true'];
  const spec = testContainer(TEST_IMAGES.busybox.tag, args, { labels, volumes: [volume] });
  const id = await engine.create(spec);
  if (running) await engine.start(id);
  return { id, name: spec.name };
}

afterEach(async () => {
  for (const installation of [OURS, THEIRS]) {
    const left = await engine.list({ [LABELS.installation]: installation });
    await Promise.all(left.map(({ id }) => engine.remove(id)));
  }
  await upkeep.removeVolume(cache.name);
});

describe('a volume of ours', () => {
  test('goes with all our containers that hold it, running or not', async () => {
    const held = [await hold(), await hold({ running: true })];
    const [answer, ...more] = await removeVolumes(host, [cache.name]);
    expect(answer).toMatchObject({ id: cache.name, volume: cache.name, outcome: 'removed' });
    expect(answer?.containers.toSorted()).toEqual(held.map(({ name }) => name).toSorted());
    expect(more).toEqual([]);
    for (const { id } of held) expect(await engine.inspect(id)).toBeNull();
    expect(await upkeep.hasVolume(cache.name)).toBe(false);
  });

  test('is also known by its name without the hash', async () => {
    const { id } = await hold();
    await engine.remove(id);
    const short = cache.name.replace(/-[0-9a-f]{8}$/, '');
    expect(await removeVolumes(host, [short])).toEqual([
      { id: short, volume: cache.name, outcome: 'removed', containers: [], reason: null },
    ]);
    expect(await upkeep.hasVolume(cache.name)).toBe(false);
  });

  test('stays, with our containers, while something that is not ours holds it', async () => {
    const own = await hold();
    // Who takes it by its name alone gets it.
    const { name } = await hold({ installation: THEIRS, volume: { ...cache, labels: {} } });
    expect(await removeVolumes(host, [cache.name])).toMatchObject([
      { outcome: 'in_use', containers: [name], reason: expect.stringContaining('not of this') },
    ]);
    expect(await engine.inspect(own.id)).not.toBeNull();
    expect(await upkeep.hasVolume(cache.name)).toBe(true);
  });

  test('says what was removed of ours, also when others take it meanwhile', async () => {
    const own = await hold();
    let theirs = '';
    const slow = {
      ...host,
      engine: {
        async remove(id: string) {
          await engine.remove(id);
          theirs = (await hold({ installation: THEIRS, volume: { ...cache, labels: {} } })).name;
        },
      },
    };
    const [answer] = await removeVolumes(slow, [cache.name]);
    expect(answer).toMatchObject({ outcome: 'in_use', containers: [theirs] });
    expect(answer?.reason).toContain(own.name);
    expect(await engine.inspect(own.id)).toBeNull();
    expect(await upkeep.hasVolume(cache.name)).toBe(true);
  });

  test('that two workers of one engine are asked to remove is removed for both', async () => {
    await hold();
    const answers = await Promise.all([
      removeVolumes(host, [cache.name]),
      removeVolumes(host, [cache.name]),
    ]);
    expect(answers.flat().map(({ outcome }) => outcome)).not.toContain('failed');
    expect(answers.flat().map(({ outcome }) => outcome)).toContain('removed');
    expect(await upkeep.hasVolume(cache.name)).toBe(false);
  });
});

test.each<Record<string, string>>([{}, { [LABELS.installation]: THEIRS }])(
  'a volume that is not ours is never removed: %j',
  async (labels) => {
    const { id } = await hold({ installation: THEIRS, volume: { ...cache, labels } });
    await engine.remove(id);
    expect(await removeVolumes(host, [cache.name])).toMatchObject([{ outcome: 'not_ours' }]);
    expect(await upkeep.hasVolume(cache.name)).toBe(true);
  },
);

test('each volume has its own answer, also one that is not there', async () => {
  await hold();
  expect(await removeVolumes(host, ['no-such-volume', cache.name])).toMatchObject([
    { id: 'no-such-volume', outcome: 'absent' },
    { id: cache.name, outcome: 'removed' },
  ]);
});

test('what the engine can not do is told, and the rest is done', async () => {
  await hold();
  const failing = {
    ...host,
    upkeep: {
      volumes: (labels: Readonly<Record<string, string>>) => upkeep.volumes(labels),
      holdersOf: (volume: string) => upkeep.holdersOf(volume),
      hasVolume: async (name: string) => {
        if (name === 'broken') throw new Error('its disk is broken');
        return upkeep.hasVolume(name);
      },
      removeVolume: (name: string) => upkeep.removeVolume(name),
    } as VolumeHost['upkeep'],
  };
  expect(await removeVolumes(failing, ['broken', cache.name])).toMatchObject([
    { id: 'broken', outcome: 'failed', reason: 'its disk is broken' },
    { id: cache.name, outcome: 'removed' },
  ]);
});
