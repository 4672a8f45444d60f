import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keys } from '@conjob/shared';

/** What Redis has on disk about one job: the writes themselves, not what the product says of them. */
export interface JobHistory {
  readonly id: string;
  /** The spec as it was accepted: its text. */
  readonly spec: string;
  /** Every state that was written, in order; the first is `queued`. */
  readonly states: readonly string[];
}

const JOB_PREFIX = keys.job('');

/**
 * Every job that was ever accepted, read from the append-only files of Redis. Scripts appear there
 * by what they wrote, so one `HSET … state finished` is one terminal transition.
 */
export function readJobHistories(folder: string): Map<string, JobHistory> {
  const jobs = new Map<string, { id: string; spec: string; states: string[] }>();
  for (const [name = '', key = '', ...rest] of readCommands(folder)) {
    if (name.toUpperCase() !== 'HSET' || !key.startsWith(JOB_PREFIX)) continue;
    const fields = pairs(rest);
    const state = fields.get('state');
    if (state === undefined) continue;
    const id = key.slice(JOB_PREFIX.length);
    const known = jobs.get(id) ?? { id, spec: fields.get('spec') ?? '', states: [] };
    known.states.push(state);
    jobs.set(id, known);
  }
  return jobs;
}

/** In order. The base file is the empty start: these Redis never rewrite. */
function* readCommands(folder: string): Generator<string[]> {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .toSorted((one, other) => part(one) - part(other));
  for (const file of files) yield* commands(readFileSync(join(folder, file)));
}

const part = (file: string): number => Number(/\.(\d+)\.incr\.aof$/.exec(file)?.[1]);

/** The commands of one file, as far as it is whole: its last one may still be on its way. */
export function* commands(file: Buffer): Generator<string[]> {
  let at = 0;
  const line = (): string | undefined => {
    const end = file.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const text = file.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const head = line();
    if (head === undefined) return;
    if (head.startsWith('#')) continue; // a time stamp
    const words: string[] = [];
    for (let left = Number(head.slice(1)); left > 0; left--) {
      const length = Number(line()?.slice(1));
      if (Number.isNaN(length) || at + length + 2 > file.length) return;
      words.push(file.toString('utf8', at, at + length));
      at += length + 2;
    }
    yield words;
  }
}

function pairs(words: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < words.length; index += 2) {
    fields.set(words[index] ?? '', words[index + 1] ?? '');
  }
  return fields;
}
