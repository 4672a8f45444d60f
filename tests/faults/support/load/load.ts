import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../../packages/shared/src/testing/random.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { readJobHistories } from '../witness/aof.ts';
import type { Client } from './client.ts';
import { newOperation, type Operation, type OperationOptions, perform } from './operation.ts';
import { randomScript, SCRIPT_KINDS, type ScriptKind } from './script.ts';

const LOOK_MS = 50;
/** One job of so many has a secret. */
const SECRET_EVERY = 4;

export interface LoadOptions {
  readonly jobs: number;
  /** Between two submissions. Default 100. */
  readonly everyMs?: number;
  /** Another one is submitted only while fewer than so many are without an answer. Default: whatever. */
  readonly unanswered?: number;
  /** Default all of them, equally often. */
  readonly kinds?: readonly ScriptKind[];
  readonly modes?: readonly ('sync' | 'async')[];
  /** Whether each client sends an Idempotency-Key. Default all do but one in eight. */
  readonly keyed?: boolean;
  /** Further fields of each job spec. */
  readonly spec?: object;
  /** How long a client waits for the end of its job before it asks again. Default 5. */
  readonly pollSeconds?: number;
}

/** All clients of a row, and what they saw. */
export class Load {
  readonly operations: Operation[] = [];
  readonly client: Client;
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #running: Promise<void>[] = [];
  readonly #open = new Set<Operation>();
  #stopped = false;

  constructor(cluster: Cluster, random: Random, client: Client) {
    this.#cluster = cluster;
    this.#random = random;
    this.client = client;
  }

  /** One client with one job. Its promise is the job's end, as the client saw it. */
  run(options: OperationOptions): { operation: Operation; ended: Promise<void> } {
    const operation = newOperation(options);
    this.operations.push(operation);
    this.#open.add(operation);
    const ended = perform(operation, this.client, this.#cluster.apis, options).finally(() =>
      this.#open.delete(operation),
    );
    this.#running.push(ended);
    return { operation, ended };
  }

  /** A seeded mix of jobs, one after the other; resolves once all are submitted or on their way. */
  async mix({ jobs, everyMs = 100, kinds = SCRIPT_KINDS, ...options }: LoadOptions): Promise<void> {
    const { modes = ['sync', 'async'], keyed, spec, unanswered = Infinity, pollSeconds } = options;
    for (let number = 0; number < jobs && !this.#stopped; number++) {
      while (this.#unanswered >= unanswered) await sleep(everyMs);
      const key = this.newKey();
      this.run({
        key,
        script: randomScript(this.#random.pick(kinds), key, this.#random),
        mode: this.#random.pick(modes),
        keyed: keyed ?? this.#random.below(8) > 0,
        secret: number % SECRET_EVERY === 0,
        first: this.#random.below(2) as 0 | 1,
        ...(spec === undefined ? {} : { spec }),
        ...(pollSeconds === undefined ? {} : { pollSeconds }),
      });
      await sleep(everyMs);
    }
  }

  get #unanswered(): number {
    return [...this.#open].filter(({ acceptedAt }) => acceptedAt === null).length;
  }

  /** The ids of the jobs of these clients, also of those who still wait for their first answer. */
  async jobIds(clients: readonly { readonly operation: Operation }[]): Promise<string[]> {
    for (;;) {
      const jobs = [...readJobHistories(this.#cluster.redis.aofFolder).values()];
      const ids = clients.flatMap(({ operation }) => {
        const job = jobs.find(({ spec }) => spec.includes(operation.key));
        return job === undefined ? [] : [job.id];
      });
      if (ids.length === clients.length) return ids;
      await sleep(LOOK_MS);
    }
  }

  /** What the first API that answers says; throws when none does, or refuses. */
  async get(path: string): Promise<string> {
    for (const api of this.#cluster.apis) {
      const answer = await this.client.ask(api, { path });
      if ('status' in answer && answer.status === 200) return answer.body;
    }
    throw new Error(`No API answers ${path}`);
  }

  /** A name for one job that no other job of this load has. */
  newKey(): string {
    return `k${this.operations.length + 1}-${this.#random.text('abcdefghjkmnpqrstvwxyz', 6)}`;
  }

  /** Nothing more is submitted, and every client has its answer or has given up. */
  async end(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}
