import { describe, expect, test } from 'vitest';
import { testSandbox } from '../../testing/specs.ts';
import type { ContractContext } from './context.ts';

const MEBIBYTE = 1024 * 1024;
const CREATED = { status: 'created', exitCode: 0, outOfMemory: false, finishedAt: null };

/** What is run, with what, and how it ends. */
export function describeProcess(context: () => ContractContext): void {
  describe('exit codes', () => {
    test.each([0, 1, 42, 125, 126, 127, 137, 255])('%i is the program’s own', async (code) => {
      expect((await context().run(context().sh(`exit ${code}`))).exitCode).toBe(code);
    });

    test('tell when memory was exceeded', async () => {
      const greedy = context().spec(['tail', '/dev/zero'], {
        sandbox: testSandbox({ memoryBytes: 16 * MEBIBYTE }),
      });
      const { id, exitCode } = await context().run(greedy);
      expect(exitCode).toBe(137);
      expect((await context().engine.inspect(id))?.outOfMemory).toBe(true);
    });

    test('of an ended container can be asked for later', async () => {
      const { id } = await context().run(context().sh('exit 9'));
      expect(await (await context().engine.watchExit(id, 'not-running')).exitCode).toBe(9);
    });
  });

  describe('arguments and environment', () => {
    const words = ['two words', '"', "'", '$HOME `id` \\', 'a\nb', 'žluťoučký 🐎', '', '*', '--'];

    test.each(words)('%j arrives as it is', async (word) => {
      expect((await context().run(context().spec(['echo', word]))).stdout).toBe(`${word}\n`);
    });

    test('an argument can have 120 KiB', async () => {
      const long = 'x'.repeat(120 * 1024);
      expect((await context().run(context().spec(['echo', long]))).stdout).toBe(`${long}\n`);
    });

    test.each(['a=b=c', '', 'a\nb', ' "quoted" ', '🐎'])('NAME=%j arrives', async (value) => {
      const ended = await context().run(context().sh('echo "$NAME"', { env: { NAME: value } }));
      expect(ended.stdout).toBe(`${value}\n`);
    });

    test('come behind the image’s entrypoint', async () => {
      expect(
        (await context().run(context().spec(['a', 'b'], { image: context().echoImage }))).stdout,
      ).toBe('a b\n');
    });

    test('come behind the entrypoint that replaces the image’s', async () => {
      const replaced = context().spec(['c'], {
        image: context().echoImage,
        entrypoint: ['echo', 'own'],
      });
      expect((await context().run(replaced)).stdout).toBe('own c\n');
    });
  });

  describe('start', () => {
    test.each([
      ['no such program', ['no-such-program'], {}, 'run.command_not_found'],
      ['no such path', ['/no/such/program'], {}, 'run.command_not_found'],
      ['a file that is no program', ['/etc/passwd'], {}, 'run.not_executable'],
      ['a folder', ['/tmp'], {}, 'run.not_executable'],
      [
        'an unknown user',
        ['true'],
        { sandbox: testSandbox({ user: 'nobody-knows' }) },
        'run.unknown_user',
      ],
    ])('refuses %s, and the container stays unstarted', async (_, args, more, code) => {
      const id = await context().engine.create(context().spec(args, more));
      await expect(context().engine.start(id)).rejects.toMatchObject({ name: 'EngineError', code });
      expect(await context().engine.inspect(id)).toMatchObject({ status: 'created' });
    });

    test('refuses an unknown container', async () => {
      await expect(context().engine.start('no-such-container')).rejects.toThrow(
        /no such container/i,
      );
    });
  });

  describe('create', () => {
    test('makes a container that does not run', async () => {
      const id = await context().engine.create(context().spec(['true']));
      expect(await context().engine.inspect(id)).toEqual(CREATED);
    });

    test('refuses a name twice', async () => {
      const twice = context().spec(['true']);
      await context().engine.create(twice);
      await expect(context().engine.create(twice)).rejects.toMatchObject({
        code: 'engine.failed',
      });
    });

    test('refuses an image that is not there', async () => {
      const absent = context().spec(['true'], { image: 'docker.io/conjob-test/absent:latest' });
      await expect(context().engine.create(absent)).rejects.toMatchObject({
        code: 'image.not_local',
      });
    });

    test('refuses to run nothing', async () => {
      await expect(context().engine.create(context().spec([]))).rejects.toMatchObject({
        code: 'run.refused',
      });
    });

    test('takes the id of an image for its name', async () => {
      const image = await context().engine.findImage(context().image);
      const { stdout } = await context().run(
        context().spec(['echo', 'by id'], { image: image?.id ?? '' }),
      );
      expect(stdout).toBe('by id\n');
    });
  });
}
