import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys, type VolumeAnswer, type VolumeRemoval, type Workers } from '@conjob/shared';
import type { Redis } from 'ioredis';

const LOOK_EVERY_MS = 100;

/** What one worker did, or why nothing is known of that. */
export interface WorkerVolumes {
  readonly worker: string;
  readonly answered: boolean;
  readonly volumes: readonly VolumeAnswer[];
  /** Null when it answered. */
  readonly reason: string | null;
}

export interface VolumeRemovalsOptions {
  readonly redis: Redis;
  readonly workers: Pick<Workers, 'list'>;
  /** How long workers have to answer. */
  readonly timeoutMs: number;
}

/** Lets every worker remove volumes of its host, and collects what they say until a deadline. */
export class VolumeRemovals {
  readonly #options: VolumeRemovalsOptions;

  constructor(options: VolumeRemovalsOptions) {
    this.#options = options;
  }

  /** One entry for each worker that is known, by name. Aborting `signal` ends the wait, not the removal. */
  async remove(volumes: readonly string[], signal: AbortSignal): Promise<WorkerVolumes[]> {
    const { redis, workers, timeoutMs } = this.#options;
    const known = await workers.list();
    const alive = known.filter(({ state }) => state !== 'lost').map(({ name }) => name);
    const request: VolumeRemoval = { id: randomUUID(), volumes };
    await redis.publish(keys.volumeRemovals, JSON.stringify(request));
    const answers = await this.#collect(request.id, alive, timeoutMs, signal);
    return known.map(({ name, state }) => {
      const text = answers[name];
      if (text !== undefined) {
        const answered = JSON.parse(text) as VolumeAnswer[];
        return { worker: name, answered: true, volumes: answered, reason: null };
      }
      const reason =
        state === 'lost'
          ? 'It gives no sign of life.'
          : `It did not answer within ${timeoutMs / 1000} s.`;
      return { worker: name, answered: false, volumes: [], reason };
    });
  }

  async #collect(
    id: string,
    expected: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answers = await this.#options.redis.hgetall(keys.volumeAnswers(id));
      const isComplete = expected.every((worker) => worker in answers);
      if (isComplete || signal.aborted || performance.now() >= deadline) return answers;
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
