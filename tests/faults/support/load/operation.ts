import { setTimeout as sleep } from 'node:timers/promises';
import { CANARY, TEST_IMAGES } from '@conjob/testkit';
import type { ApiPart } from '../cluster/cluster.ts';
import type { Answer, Client, Question } from './client.ts';
import { type Script, withSecret } from './script.ts';

/** A finished job, as far as the checker looks at it. */
export interface JobView {
  readonly id: string;
  readonly state: string;
  readonly conclusion: string | null;
  readonly exitCode: number | null;
  readonly error: { readonly code: string } | null;
  readonly output?: string | null;
  readonly outputTruncated: boolean;
  readonly attempts: readonly { readonly worker: string; readonly conclusion: string | null }[];
}

/**
 * One job that a client wants. Until the client knows, its outcome is `unknown`: the job may exist
 * or not, but only once.
 */
export interface Operation {
  /** In every line that the job prints, and in its Idempotency-Key. */
  readonly key: string;
  readonly mode: 'sync' | 'async';
  /** Without one, an answer that was lost can not be asked for again. */
  readonly keyed: boolean;
  readonly script: Script;
  /** Its job has one in `secretEnv`, which is to be nowhere else. */
  readonly secret: boolean;
  outcome: 'ok' | 'fail' | 'unknown';
  /** Every id that an answer has named. */
  readonly ids: Set<string>;
  /** When it was told that the job is accepted. */
  acceptedAt: number | null;
  /** What `/job/run` answered to a client that waited for the end. */
  answer: RunAnswer | null;
  /** The job as any client finds it afterwards. */
  view: JobView | null;
}

/** The end of a run as `/job/run` tells it. */
interface RunAnswer {
  readonly conclusion: string;
  readonly exitCode: number;
  readonly output: string | null;
}

export interface OperationOptions {
  readonly key: string;
  readonly script: Script;
  readonly mode?: 'sync' | 'async';
  readonly keyed?: boolean;
  /** Whether its job has a secret, and prints it. Default false. */
  readonly secret?: boolean;
  /** Further fields of the job spec. */
  readonly spec?: object;
  /** Which API is asked first. */
  readonly first?: 0 | 1;
  /** How long it waits for the end before it asks again. Default 5. */
  readonly pollSeconds?: number;
}

const RETRY_MS = 200;
const POLL_SECONDS = 5;
const SYNC_WAIT_SECONDS = 60;
const GIVE_UP_MS = 300_000;

export function newOperation(options: OperationOptions): Operation {
  const { key, script, mode, keyed = true, secret = false } = options;
  return {
    key,
    mode: mode ?? 'async',
    keyed,
    script: secret ? withSecret(script) : script,
    secret,
    outcome: 'unknown',
    ids: new Set(),
    acceptedAt: null,
    answer: null,
    view: null,
  };
}

/**
 * Plays one client to its end: submits, asks the other API when one does not answer or refuses, and
 * waits for the result. Never rejects; the operation says how it went.
 */
export async function perform(
  operation: Operation,
  client: Client,
  apis: readonly [ApiPart, ApiPart],
  {
    spec = {},
    first = 0,
    pollSeconds = POLL_SECONDS,
  }: Pick<OperationOptions, 'spec' | 'first' | 'pollSeconds'> = {},
): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  const turn = turns(apis, first);
  while (operation.ids.size === 0 && Date.now() < deadline) {
    const api = turn();
    const answer = await client.ask(api, submission(operation, spec));
    if ('error' in answer) {
      // A connection that was refused carried nothing over; of any other it will never know.
      if (!operation.keyed && answer.error !== 'ECONNREFUSED') return;
    } else {
      note(operation, answer);
      if (answer.status < 500 && operation.ids.size === 0) {
        operation.outcome = 'fail';
        return;
      }
    }
    if (operation.ids.size === 0) await sleep(RETRY_MS);
  }
  const [id] = operation.ids;
  if (id === undefined) return;
  while (Date.now() < deadline) {
    const answer = await client.ask(turn(), {
      path: `/jobs/${id}?wait=${pollSeconds}`,
      waitMs: pollSeconds * 1000,
    });
    const status = 'error' in answer ? null : answer.status;
    if (!('error' in answer) && status === 200) {
      const view = JSON.parse(answer.body) as JobView;
      if (view.state === 'finished') {
        operation.view = view;
        operation.outcome = 'ok';
        return;
      }
    } else if (status === 404) {
      return; // the checker finds it lost
    } else {
      await sleep(RETRY_MS);
    }
  }
}

/** `/job/run` takes no spec: a client that waits and wants more than a query can say uses `/jobs`. */
function submission({ key, mode, keyed, script, secret }: Operation, spec: object): Question {
  const image = { image: TEST_IMAGES.busybox.tag, pull: 'never' };
  const args = ['sh', '-c', script.program];
  const secretEnv = secret ? { secretEnv: { SECRET: CANARY.env } } : {};
  const json = { ...image, remove: true, args, ...secretEnv, ...spec };
  const headers = { accept: 'application/json', ...(keyed ? { 'idempotency-key': key } : {}) };
  if (mode === 'async') return { method: 'POST', path: '/jobs', headers, json };
  const waiting = {
    method: 'POST' as const,
    headers: { ...headers, prefer: `wait=${SYNC_WAIT_SECONDS}` },
    waitMs: SYNC_WAIT_SECONDS * 1000,
  };
  if (secret || Object.keys(spec).length > 0) return { ...waiting, path: '/jobs', json };
  const query = new URLSearchParams({ ...image, remove: 'true' });
  for (const arg of args) query.append('arg', arg);
  return { ...waiting, path: `/job/run?${query}` };
}

function note(operation: Operation, answer: Answer): void {
  const id = answer.headers['conjob-job-id'];
  if (typeof id !== 'string' || answer.status === 503) return;
  operation.ids.add(id);
  operation.acceptedAt ??= Date.now();
  if (answer.headers['conjob-conclusion'] === undefined) return;
  operation.answer ??= JSON.parse(answer.body) as RunAnswer;
}

function turns(apis: readonly [ApiPart, ApiPart], first: 0 | 1): () => ApiPart {
  let next = first;
  return () => {
    const api = apis[next];
    next = next === 0 ? 1 : 0;
    return api;
  };
}
