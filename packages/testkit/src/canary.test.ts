import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CANARY,
  CANARY_FORMS,
  expectNoCanary,
  filesOfEngineWithCanary,
  filesWithCanary,
} from './canary.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';
import { startTestRedis } from './test-redis.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const { env } = CANARY;
const WRITTEN = [
  ['as it is', `TOKEN=${env}`],
  ['in JSON', JSON.stringify({ env })],
  ['in JSON of ASCII', JSON.stringify({ env }).replace('é', String.raw`\u00e9`)],
  ['in a URL', `/x?token=${encodeURIComponent(env)}`],
  ['in a form', String(new URLSearchParams({ env }))],
  ['in base64', Buffer.from(env).toString('base64')],
  ['within something else in base64', Buffer.from(`ci:${env}!`).toString('base64url')],
  ['in hexadecimal', Buffer.from(env).toString('hex')],
] as const;

describe('a search for secrets', () => {
  test.each(WRITTEN)('finds one %s, in texts and files', async (_how, text) => {
    expect(() => expectNoCanary(`before ${text} after`, 'a log')).toThrow('A secret is in a log');
    expect(() => expectNoCanary(Buffer.from(text), 'an answer')).toThrow('in an answer');
    mkdirSync(join(folder.path, 'below'));
    writeFileSync(
      join(folder.path, 'below/binary'),
      Buffer.concat([Buffer.from([0, 255]), Buffer.from(text)]),
    );
    writeFileSync(join(folder.path, 'other'), 'nothing');
    expect(await filesWithCanary(folder.path)).toEqual([join(folder.path, 'below/binary')]);
  });

  test('finds none where there is none', async () => {
    writeFileSync(join(folder.path, 'packed'), gzipSync(env));
    expect(await filesWithCanary(folder.path)).toEqual([]);
    expect(() => expectNoCanary('nothing', 'a log')).not.toThrow();
    expect(new Set(CANARY_FORMS).size).toBe(CANARY_FORMS.length);
  });

  test('leaves out what an engine keeps of a container, and nothing else of the engine', async () => {
    const container = join(folder.path, 'containers', 'ab'.repeat(32));
    mkdirSync(join(container, 'local-logs'), { recursive: true });
    for (const name of ['config.v2.json', 'hostconfig.json', 'local-logs/container.log']) {
      writeFileSync(join(container, name), env);
    }
    expect(await filesOfEngineWithCanary(folder.path)).toEqual([
      join(container, 'hostconfig.json'),
    ]);
  });
});

describe('a Redis that is stopped', () => {
  test.each([true, false])(
    'is searched, whatever it has on disk by then (%s)',
    async (appendOnly) => {
      const server = await startTestRedis({ appendOnly });
      const redis = new Redis(server.target);
      // Long, and alike: what Redis would compress.
      await redis.set('leaked', `${'x'.repeat(200)}${env.repeat(20)}`);
      redis.disconnect();
      await expect(server.stop()).rejects.toThrow('A secret is in');
      await server.stop();
    },
  );
});
