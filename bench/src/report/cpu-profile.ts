import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `node --cpu-prof` writes. */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
}

export interface Share {
  readonly part: string;
  /** From 0 to 1, of the time in which the process did something. */
  readonly share: number;
}

/** Which parts of a program its time goes into, the most first, from the one profile in a folder. */
export function profileShares(folder: string): Share[] {
  const [name, ...more] = readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'));
  if (name === undefined || more.length > 0) throw new Error(`${folder} has not one profile`);
  return shares(JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile);
}

export function shares({ nodes, samples, timeDeltas }: CpuProfile): Share[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const time = timeDeltas[index] ?? 0;
    const part = partOf(frame);
    times.set(part, (times.get(part) ?? 0) + time);
    total += time;
  }
  return [...times]
    .map(([part, time]) => ({ part, share: time / total }))
    .sort((a, b) => b.share - a.share);
}

/** A package, Node itself, or ConJob; what has no file is the runtime: named as it is, without parentheses. */
export function partOf({ functionName, url }: CallFrame): string {
  if (url === '') return SYSTEM_CALLS.has(functionName) ? 'system calls' : native(functionName);
  const packages = [...url.matchAll(/node_modules\/((?:@[^/]+\/)?[^/.][^/]*)/g)];
  const name = packages.at(-1)?.[1];
  if (name !== undefined) return name;
  if (!url.startsWith('node:')) return 'conjob';
  if (url.startsWith('node:_http')) return 'node http';
  return LOADING.test(url) ? 'loading of modules' : 'node';
}

const LOADING = /^node:internal\/(modules|deps\/(amaro|cjs)|bootstrap|process\/execution)/;

/** As V8 names what writes and reads sockets and files. */
const SYSTEM_CALLS = new Set(['writev', 'writeBuffer', 'writeString', 'writeUtf8String', 'read']);

function native(functionName: string): string {
  return functionName.startsWith('(') ? functionName.slice(1, -1) : 'node';
}
