import { TEST_IMAGES } from '@conjob/testkit';
import Docker from 'dockerode';
import { afterEach, expect, test } from 'vitest';
import { closeIdleConnections, sharedEngineAccess } from '../../testing/services.ts';
import { testContainer } from '../../testing/specs.ts';
import { DockerEngine } from './docker-engine.ts';
import { DockerUpkeep } from './docker-upkeep.ts';

const { socketPath } = sharedEngineAccess();
closeIdleConnections();
const docker = new Docker({ socketPath });
const engine = new DockerEngine(docker);
const IMAGE = TEST_IMAGES.busybox.tag;
const NAME = `conjob-test-volume-${process.pid}`;
const labels = { owner: 'us', of: 'this image' };

const makeVolume = (Labels: Record<string, string>) => docker.createVolume({ Name: NAME, Labels });
const container = () =>
  testContainer(IMAGE, ['true'], { volumes: [{ name: NAME, target: '/data', labels }] });

afterEach(async () => {
  const left = await engine.list({ 'conjob.worker': `test-${process.pid}` });
  await Promise.all(left.map(({ id }) => engine.remove(id)));
  await new DockerUpkeep(docker).removeVolume(NAME);
});

test('a volume is made with its labels, and mounted again', async () => {
  const first = await engine.create(container());
  expect((await docker.getVolume(NAME).inspect()).Labels).toEqual(labels);
  const second = await engine.create(container());
  expect(first).not.toBe(second);
});

test.each([
  ['without any label', {}],
  ['of somebody else', { ...labels, owner: 'them' }],
  ['of another image', { ...labels, of: 'that image' }],
])('an equally named volume %s is never mounted', async (_, found) => {
  await makeVolume(found);
  const spec = container();
  await expect(engine.create(spec)).rejects.toMatchObject({ code: 'volume.not_ours' });
  expect(await engine.inspect(spec.name)).toBeNull();
  expect((await docker.getVolume(NAME).inspect()).Labels ?? {}).toEqual(found);
});

test('nor is one that somebody makes at the last moment', async () => {
  const late = new Docker({ socketPath });
  const create = late.createContainer.bind(late);
  late.createContainer = async (options) => {
    await makeVolume({});
    return create(options);
  };
  const spec = container();
  await expect(new DockerEngine(late).create(spec)).rejects.toMatchObject({
    code: 'volume.not_ours',
  });
  expect(await engine.inspect(spec.name)).toBeNull();
});
