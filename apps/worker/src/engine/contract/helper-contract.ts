import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testContainer } from '../../testing/specs.ts';
import { NetworkGoneError } from '../engine.ts';
import type { HelperSpec, Helpers } from '../helpers.ts';
import { LABELS } from '../labels.ts';
import { ContractContext, type EngineUnderTest, WORKER } from './context.ts';

export interface HelpersUnderTest extends EngineUnderTest {
  readonly helpers: Helpers;
  /** As if somebody had pruned it: succeeds also when it is not there. */
  readonly removeHelperImage: () => Promise<void>;
}

const labels = { [LABELS.worker]: WORKER };
const TARGET = '/run/memory';
let made = 0;

/** What all implementations of {@link Helpers} keep. */
export function describeHelperContract(name: string, open: () => HelpersUnderTest): void {
  describe(`${name} keeps the contract of helpers:`, () => {
    let context: ContractContext;
    let helpers: Helpers;
    const volumes: string[] = [];
    beforeEach(() => {
      context = new ContractContext(open());
      helpers = open().helpers;
    });
    afterEach(async () => {
      await context.clear();
      for (const volume of volumes.splice(0)) {
        expect(await helpers.removeVolume(volume)).toBe(true);
      }
    });

    const helper = (more: Partial<HelperSpec> = {}): HelperSpec => {
      const { name } = testContainer('', []);
      return { name, labels, network: 'none', volumes: [], ...more };
    };

    function memoryVolume(sizeBytes = 65_536) {
      const volume = `conjob-test-${process.pid}-${++made}`;
      volumes.push(volume);
      return { name: volume, target: TARGET, labels, memory: { sizeBytes, mode: 0o755 } };
    }

    const file = (name: string, content: Buffer | string) => ({
      folder: TARGET,
      name,
      content: Buffer.from(content),
      mode: 0o444,
      uid: 0,
      gid: 0,
    });

    test('the image is made for many who want it at once, and made again when it was pruned', async () => {
      const { removeHelperImage } = open();
      await removeHelperImage();
      await Promise.all([
        helpers.ensureImage(),
        helpers.ensureImage(),
        open().helpers.ensureImage(),
      ]);
      await removeHelperImage();
      const ids = await Promise.all([helpers.start(helper()), open().helpers.start(helper())]);
      for (const id of ids) expect((await context.engine.inspect(id))?.status).toBe('running');
    });

    test('a helper ends by itself when it is told to, and not before', async () => {
      const id = await helpers.start(helper());
      expect(await context.engine.list(labels, 'unended')).toMatchObject([
        { id, status: 'running', labels },
      ]);
      await context.engine.stop(id, 600);
      expect(await context.engine.inspect(id)).toMatchObject({ status: 'exited', exitCode: 0 });
    });

    test('a helper that can’t be made leaves nothing', async () => {
      const twice = helper();
      await helpers.start(twice);
      await expect(helpers.start(twice)).rejects.toMatchObject({ name: 'EngineError' });
      expect(await context.engine.list(labels)).toHaveLength(1);
    });

    test('what joins the network of a helper that ended, or is gone, is not started', async () => {
      const id = await helpers.start(helper());
      const joining = () => context.engine.create(context.spec(['true'], { joins: id }));
      const [one, two] = [await joining(), await joining()];
      await context.engine.stop(id, 0);
      await expect(context.engine.start(one)).rejects.toThrow(NetworkGoneError);
      await context.engine.remove(id);
      await expect(context.engine.start(two)).rejects.toThrow(NetworkGoneError);
      expect(await context.engine.inspect(one)).toMatchObject({ status: 'created' });
    });

    test('a look shows whether what joined the network has left anything', async () => {
      const id = await helpers.start(helper());
      const view = await helpers.openView(id);
      const clean = await view.look();
      await context.run(context.sh('echo hi', { joins: id }));
      expect(await view.look()).toBe(clean);
      await context.run(context.spec(['nc', '127.0.0.1', '9'], { joins: id }));
      expect(await view.look()).not.toBe(clean);
      view.close();
    });

    test('a view ends with its helper', async () => {
      const id = await helpers.start(helper());
      const view = await helpers.openView(id);
      await view.look();
      await context.engine.stop(id, 0);
      await view.gone;
      await expect(view.look()).rejects.toMatchObject({ name: 'EngineError' });
      view.close();
    });

    test('a file that is put into a volume is there for who mounts it, byte for byte', async () => {
      const volume = memoryVolume();
      const id = await helpers.start(helper({ volumes: [volume] }));
      const content = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7) % 256));
      await helpers.putFile(id, file('secret', content));
      const mounted = { ...volume, target: '/elsewhere', isReadOnly: true };
      const reader = context.spec(['cat', '/elsewhere/secret'], { volumes: [mounted] });
      expect((await context.run(reader)).bytes.equals(content)).toBe(true);
    });

    test('what was put into a volume is gone when nobody has it mounted any more', async () => {
      const volume = memoryVolume();
      const reader = () =>
        context.run(context.spec(['cat', '/run/memory/secret'], { volumes: [volume] }));
      const first = await helpers.start(helper({ volumes: [volume] }));
      await helpers.putFile(first, file('secret', 'word'));
      expect(await reader()).toMatchObject({ stdout: 'word', exitCode: 0 });
      await context.engine.stop(first, 0);
      await helpers.start(helper({ volumes: [volume] }));
      expect((await reader()).exitCode).not.toBe(0);
    });

    test('what is larger than its volume is refused', async () => {
      const volume = memoryVolume(16_384);
      const id = await helpers.start(helper({ volumes: [volume] }));
      await expect(helpers.putFile(id, file('large', Buffer.alloc(100_000)))).rejects.toMatchObject(
        {
          name: 'EngineError',
          code: 'engine.no_space',
        },
      );
    });

    test('nothing is put into a folder that is no volume, or a helper that is gone', async () => {
      const id = await helpers.start(helper());
      await expect(helpers.putFile(id, file('stray', ''))).rejects.toThrow();
      await context.engine.remove(id);
      await expect(helpers.putFile(id, file('stray', ''))).rejects.toThrow();
    });

    test('a volume is removed once, and not while a container has it', async () => {
      const { name: volume, ...rest } = memoryVolume();
      volumes.pop();
      const id = await helpers.start(helper({ volumes: [{ name: volume, ...rest }] }));
      expect(await helpers.removeVolume(volume)).toBe(false);
      await context.engine.remove(id);
      expect(await helpers.removeVolume(volume)).toBe(true);
      expect(await helpers.removeVolume(volume)).toBe(false);
    });
  });
}
