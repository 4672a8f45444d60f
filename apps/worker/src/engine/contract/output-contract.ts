import { describe, expect, test } from 'vitest';
import { type ContractContext, read } from './context.ts';

const MEBIBYTE = 1024 * 1024;

/** Output, its replay, and standard input. */
export function describeOutput(context: () => ContractContext): void {
  describe('output', () => {
    test('has both streams, each to itself', async () => {
      const ended = await context().run(context().sh('echo out; echo err >&2; exit 3'));
      expect(ended).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 });
    });

    test('of very short containers is there to the last byte', async () => {
      const runs = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          context().run(context().spec(['echo', `number ${index}`])),
        ),
      );
      expect(runs.map(({ stdout }) => stdout)).toEqual(runs.map((_, index) => `number ${index}\n`));
    });

    test('is exact for bytes that are no text', async () => {
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
      const { bytes: received } = await context().run(
        context().spec(['cat'], { stdin: true }),
        bytes,
      );
      expect(received.equals(bytes)).toBe(true);
    });

    test('of many lines keeps their order', async () => {
      const { stdout } = await context().run(context().spec(['seq', '100000']));
      expect(stdout).toBe(Array.from({ length: 100_000 }, (_, n) => `${n + 1}\n`).join(''));
    });

    test('ends for its reader when that lets go of it', async () => {
      const { attachment } = await context().start(context().sh('echo first; sleep 60'));
      const chunks = attachment.output[Symbol.asyncIterator]();
      expect(String((await chunks.next()).value?.data)).toBe('first\n');
      const end = chunks.next().catch(() => ({ done: true }));
      attachment.destroy();
      expect((await end).done).toBe(true);
    });

    test('is not needed for the exit code', async () => {
      const { attachment, watch } = await context().start(context().sh('echo unheard; exit 4'));
      attachment.destroy();
      expect(await watch.exitCode).toBe(4);
    });
  });

  describe('followOutput', () => {
    test('brings an exited container’s output from the first byte', async () => {
      const { id, bytes } = await context().run(context().sh('seq 5000; echo err >&2'));
      const replayed = await read(await context().engine.followOutput(id));
      expect(replayed.bytes.equals(bytes)).toBe(true);
      expect(replayed.stderr).toBe('err\n');
    });

    test('brings a running container’s output from the first byte to the last', async () => {
      const waiting = context().sh(
        "trap 'echo last; exit 0' TERM; echo first; while :; do sleep 0.1; done",
      );
      const { id, attachment } = await context().start(waiting);
      await attachment.output[Symbol.asyncIterator]().next();
      const replay = read(await context().engine.followOutput(id));
      await context().engine.stop(id, 30);
      expect((await replay).stdout).toBe('first\nlast\n');
    });

    test('is exact for bytes that are no text', async () => {
      const bytes = Buffer.from(Array.from({ length: 40_000 }, (_, index) => 255 - (index % 256)));
      const { id } = await context().run(context().spec(['cat'], { stdin: true }), bytes);
      expect((await read(await context().engine.followOutput(id))).bytes.equals(bytes)).toBe(true);
    });
  });

  describe('standard input', () => {
    test('is closed after its last byte', async () => {
      expect(
        await context().run(context().spec(['cat'], { stdin: true }), Buffer.from('in')),
      ).toMatchObject({
        stdout: 'in',
        exitCode: 0,
      });
    });

    test('can be empty', async () => {
      const ended = await context().run(context().spec(['cat'], { stdin: true }), Buffer.alloc(0));
      expect(ended).toMatchObject({ stdout: '', exitCode: 0 });
    });

    test('is at its end at once for a container without', async () => {
      expect(await context().run(context().spec(['cat']))).toMatchObject({
        stdout: '',
        exitCode: 0,
      });
    });

    test('that nobody reads does no harm', async () => {
      const id = await context().engine.create(context().spec(['echo', 'done'], { stdin: true }));
      const attachment = await context().engine.attach(id, { input: Buffer.alloc(8 * MEBIBYTE) });
      const watch = await context().engine.watchExit(id, 'next-exit');
      await context().engine.start(id);
      expect(await watch.exitCode).toBe(0);
      attachment.destroy();
      expect((await read(await context().engine.followOutput(id))).stdout).toBe('done\n');
    });
  });
}
