import { setTimeout as sleep } from 'node:timers/promises';
import { jobError, resultWithoutOutput } from '@conjob/shared';
import type { Script } from './stand-in-worker.ts';

/** What the images of these tests do. */
const SCRIPTS: Record<string, Script> = {
  /** Prints its arguments. */
  async echo({ claim, print }) {
    await print(claim.spec.args.join(' '));
    return {};
  },
  /** Prints its standard input, or that it has none. */
  async cat({ claim, attempts, print }) {
    await print((await attempts.input(claim)) ?? 'no input');
    return {};
  },
  /** Fails the first time. */
  async attempts({ claim, print }) {
    await print(`attempt ${claim.attempt}`);
    return claim.attempt === 1 ? { conclusion: 'FAILURE', exitCode: 3 } : {};
  },
  async silent() {
    return {};
  },
  async fail({ print }) {
    await print('out ');
    await print('err', 'stderr');
    return { conclusion: 'FAILURE', exitCode: 3 };
  },
  /** An é in two chunks, and a byte that is no UTF-8. */
  async bytes({ print }) {
    await print(Buffer.from([0x61, 0xc3]));
    await print(Buffer.from([0xa9, 0xff]));
    await print('z');
    return {};
  },
  /** 3 MiB, more than a page of chunks. */
  async large({ print }) {
    for (let n = 0; n < 192; n += 1) await print(Buffer.alloc(16 * 1024, n % 256));
    return {};
  },
  async timings({ print }) {
    await print('x');
    return { timings: { queueMs: 1, pullMs: 2, createMs: 3, runMs: 4 } };
  },
  async 'no-image'() {
    return resultWithoutOutput('NOT_FOUND', jobError('image.not_found'));
  },
  async 'no-command'() {
    return { ...resultWithoutOutput('FAILURE', jobError('run.command_not_found')), exitCode: 127 };
  },
  async slow({ print }) {
    await print('partly');
    return { conclusion: 'TIMED_OUT', exitCode: -1, error: jobError('run.timed_out') };
  },
  /** Did all that it was to do, but its engine has lost some of what it printed. */
  async incomplete({ print }) {
    await print('partly');
    return { error: jobError('output.incomplete') };
  },
  /** Runs until it is cancelled, as a worker finds out: when it renews its lease. */
  async hang({ claim, attempts, print }) {
    await print('started');
    while ((await attempts.renew(claim)) === '') await sleep(10);
    return { conclusion: 'CANCELLED', exitCode: -1, error: jobError('run.cancelled') };
  },
  async broken() {
    return resultWithoutOutput('UNKNOWN', jobError('engine.unavailable'));
  },
};

/** Runs the script that is named like the image. */
export const byImage: Script = async (run) => {
  const script = SCRIPTS[run.claim.spec.image];
  if (script === undefined) throw new Error(`no script for ${run.claim.spec.image}`);
  return script(run);
};
