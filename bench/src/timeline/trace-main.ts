import { subscribe, tracingChannel } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Step } from './steps.ts';

/**
 * Loaded by Node before an app of ConJob: writes down each request that the process sends to the engine and to Redis,
 * by what Node and the client of Redis tell anybody who listens. The app itself is the same.
 */
const FLUSH_MS = 50;
const file = process.env['BENCH_TIMELINE'];
const main = process.argv[1] ?? '';
const app = basename(main) === 'reaper-main.ts' ? 'reaper' : basename(dirname(dirname(main)));

if (file !== undefined) traceInto(file);

function traceInto(path: string): void {
  let steps: Step[] = [];
  const flush = (): void => {
    if (steps.length === 0) return;
    appendFileSync(path, steps.map((step) => `${JSON.stringify(step)}\n`).join(''));
    steps = [];
  };
  setInterval(flush, FLUSH_MS).unref();
  process.on('exit', flush);
  const began = new WeakMap<object, number>();
  const add = (what: string, key: object): void => {
    const begin = began.get(key);
    if (begin !== undefined) steps.push({ app, what, begin, end: now() });
  };
  traceRedis(began, add);
  traceEngine(began, add);
}

/** Of ioredis, what is needed here. */
interface RedisClient {
  readonly prototype: { defineCommand(name: string, definition: { readonly lua: string }): void };
}
type Add = (what: string, key: object) => void;

function traceRedis(began: WeakMap<object, number>, add: Add): void {
  const shared = join(import.meta.dirname, '../../../packages/shared/package.json');
  const { Redis: Client } = createRequire(shared)('ioredis') as { Redis: RedisClient };
  const nameOf = namesOfScripts(Client);
  const { start, asyncEnd } = {
    start: (context: object) => void began.set(context, now()),
    asyncEnd: (context: object) => {
      const { command, args } = context as { command: string; args: readonly string[] };
      const script = command.startsWith('eval') ? nameOf(args[0] ?? '') : undefined;
      add(`redis ${script ?? command}`, context);
    },
  };
  const nothing = (): void => {};
  tracingChannel('ioredis:command').subscribe({
    start,
    asyncEnd,
    end: nothing,
    asyncStart: nothing,
    error: nothing,
  });
}

/** Scripts are called by their digests: the name of each is noted when it is defined. */
function namesOfScripts(Client: RedisClient): (sha: string) => string | undefined {
  const { createHash } = process.getBuiltinModule('node:crypto');
  const names = new Map<string, string>();
  const { defineCommand } = Client.prototype;
  Client.prototype.defineCommand = function define(name, definition) {
    names.set(createHash('sha1').update(definition.lua).digest('hex'), name);
    return defineCommand.call(this, name, definition);
  };
  return (sha) => names.get(sha);
}

function traceEngine(began: WeakMap<object, number>, add: Add): void {
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { request: ClientRequest };
    began.set(request, now());
    const name = `engine ${request.method} ${withoutIds(request.path)}`;
    request.once('upgrade', () => add(`${name} (upgraded)`, request));
    request.once('response', (response: IncomingMessage) => {
      add(`${name} (headers)`, request);
      began.set(response, began.get(request) ?? 0);
      response.once('close', () => add(`${name} (end)`, response));
    });
  });
}

function withoutIds(path: string): string {
  return path
    .replace(/\?.*$/, '')
    .replace(/\/containers\/(?!create|json)[^/]+/, '/containers/*')
    .replace(/\/images\/.*\/json$/, '/images/*/json');
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
