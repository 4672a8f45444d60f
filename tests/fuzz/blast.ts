import fc from 'fast-check';
import { REQUEST_ERRORS } from '../../apps/api/src/http/request-error-catalogue.ts';
import type { OpenApiDocument } from '../../apps/api/src/openapi/document.ts';
import { AnswerChecks } from '../../apps/api/src/testing/answer-checks.ts';
import { type Answer, call } from '../../apps/api/src/testing/http-client.ts';
import { bytesOf, type FuzzRequest, targetOf } from './requests/fuzz-request.ts';
import { fuzzRequest, offersOf } from './requests/request-arbitrary.ts';
import { exchange, patience } from './support/exchange.ts';
import { type FuzzedApi, MAX_QUEUED } from './support/fuzzed-api.ts';
import { callKnown, makeLogins, mayEnter, type Who } from './support/logins.ts';

export interface BlastOptions {
  readonly requests: number;
  readonly seed: number;
  /** At once. */
  readonly clients: number;
}

/** How many answers there were of each status; `none` where the client left, or was cut off, before. */
export type Statuses = Record<string, number>;

/** So much of the requests come before the queue is full. */
const OPEN_SHARE = 0.8;
const REMEMBERED_JOBS = 64;
/** Where the one worker has been drained it says so, by 500 as its clients expect. */
const HEALTH = '/healthcheck';
/** A 503 is for now, and says why: anything else of the server's own is a fault. */
const DOCUMENTED_503 = Object.entries(REQUEST_ERRORS)
  .filter(([, { status }]) => status === 503)
  .map(([code]) => code);

/** Sends requests that were made up from a seed. Throws at the first answer that must not be, with what led to it. */
export class Blast {
  readonly #api: FuzzedApi;
  readonly #arbitrary: fc.Arbitrary<FuzzRequest>;
  readonly #documents: Record<FuzzRequest['port'], OpenApiDocument>;
  readonly #checks: Record<FuzzRequest['port'], AnswerChecks>;
  readonly #jobs: string[] = [];
  readonly statuses: Statuses = {};
  #logins: Record<Who, string | undefined> | undefined;

  constructor(api: FuzzedApi, documents: Record<FuzzRequest['port'], OpenApiDocument>) {
    this.#api = api;
    this.#documents = documents;
    const offers = (['api', 'admin'] as const).flatMap((port) => offersOf(port, documents[port]));
    this.#arbitrary = fuzzRequest(offers);
    this.#checks = {
      api: new AnswerChecks(documents.api),
      admin: new AnswerChecks(documents.admin),
    };
  }

  async run({ requests, seed, clients }: BlastOptions): Promise<void> {
    const made = fc.sample(this.#arbitrary, { numRuns: requests, seed });
    const rest = made.entries();
    this.#logins = await makeLogins(this.#api.adminUrl);
    const client = async () => {
      for (const [number, request] of rest) {
        if (number === Math.floor(requests * OPEN_SHARE)) await this.#setQueue(0);
        const fault = await this.#send(this.#withLogin(request));
        if (fault !== null)
          throw new Error(`seed ${seed}, request ${number}: ${fault}\n${show(request)}`);
      }
    };
    await this.#setQueue(MAX_QUEUED);
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** What is wrong with the answer; null when nothing is. */
  async #send(request: FuzzRequest): Promise<string | null> {
    const base = request.port === 'api' ? this.#api.url : this.#api.adminUrl;
    const id = this.#jobs[request.pick % this.#jobs.length] ?? 'none';
    if (request.damages.length > 0 || !isProper(request, id)) {
      const statuses = await exchange(Number(new URL(base).port), bytesOf(request, id));
      this.#count(statuses);
      const isFault = statuses.some((status) => status >= 500 && status !== 503);
      return isFault && request.template !== HEALTH ? `${statuses}` : null;
    }
    const { method, body } = request;
    const options = { method, headers: Object.fromEntries(request.headers), signal: patience() };
    const answer = await call(
      base + targetOf(request, id),
      body === undefined ? options : { ...options, body },
    ).catch(() => null);
    this.#count(answer === null ? [] : [answer.status]);
    if (answer === null) return null;
    this.#remember(answer);
    await this.#resume(request);
    return (
      faultOf(request, answer) ??
      this.#letIn(request, answer) ??
      (isPath(targetOf(request, id)) ? this.#undescribed(request, answer) : refusalOfNoPath(answer))
    );
  }

  /** How many jobs may wait: with 0, each new one is refused. */
  async #setQueue(places: number): Promise<void> {
    const query = `conjob.job.limit.maxQueuedJobs=${places}`;
    await callKnown(`${this.#api.adminUrl}/tasks/config?${query}`, { method: 'POST' });
  }

  /** With the login of who sends it, where its headers have none. */
  #withLogin(request: FuzzRequest): FuzzRequest {
    const login = this.#logins?.[request.who];
    if (login === undefined || hasLogin(request)) return request;
    return { ...request, headers: [...request.headers, ['Authorization', login]] };
  }

  /** A worker that somebody has drained would take no more jobs: an operator mends that at once. */
  async #resume({ template }: FuzzRequest): Promise<void> {
    if (!template.endsWith('/drain')) return;
    await callKnown(`${this.#api.adminUrl}/workers/w1/resume`, { method: 'POST' });
  }

  /** Something that is not for all was answered to somebody who has no right to it. */
  #letIn({ port, method, template, who, headers }: FuzzRequest, answer: Answer): string | null {
    const operation = this.#documents[port].paths[template]?.[method.toLowerCase()];
    const isForAll =
      operation === undefined || (operation['security'] as unknown[] | undefined)?.length === 0;
    const sent = headers.find(([name]) => name === 'Authorization')?.[1];
    const isKnown = mayEnter(who) && sent === this.#logins?.[who];
    if (isForAll || isKnown || answer.status >= 400) return null;
    return `${answer.status} for ${who}`;
  }

  #undescribed({ port, method, template }: FuzzRequest, answer: Answer): string | null {
    const checks = this.#checks[port];
    // What a path does not offer is refused, mostly with 405.
    const isOffered = this.#documents[port].paths[template]?.[method.toLowerCase()] !== undefined;
    if (!isOffered) return answer.status < 400 && method !== 'OPTIONS' ? `${answer.status}` : null;
    return checks.faults(method, template, answer)[0] ?? null;
  }

  #remember({ headers }: Answer): void {
    const id = headers['conjob-job-id'];
    if (typeof id !== 'string') return;
    if (this.#jobs.push(id) > REMEMBERED_JOBS) this.#jobs.shift();
  }

  #count(statuses: readonly number[]): void {
    for (const status of statuses.length === 0 ? ['none'] : statuses) {
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    }
  }
}

/** What can't be decoded is no path of the document. */
function isPath(target: string): boolean {
  try {
    decodeURIComponent(target.split('?')[0] ?? '');
    return true;
  } catch {
    return false;
  }
}

function refusalOfNoPath({ status }: Answer): string | null {
  return status >= 400 ? null : `${status} for what is no path`;
}

function hasLogin({ headers }: FuzzRequest): boolean {
  return headers.some(([name]) => name === 'Authorization');
}

function faultOf({ template }: FuzzRequest, { status, text, headers }: Answer): string | null {
  if (status < 500 || template === HEALTH) return null;
  const isForNow = status === 503 && DOCUMENTED_503.some((code) => text.includes(code));
  if (!isForNow) return `${status} ${text.slice(0, 500)}`;
  return headers['retry-after'] === undefined ? `503 without Retry-After: ${text}` : null;
}

/** Whether a client of HTTP would send it at all. */
function isProper(request: FuzzRequest, id: string): boolean {
  const mayHaveBody = request.method === 'POST' || request.body === undefined;
  const sendable = mayHaveBody && /^[\x21-\x7e]*$/.test(targetOf(request, id));
  return (
    sendable &&
    request.headers.every(([name, value]) => {
      return /^[\t\x20-\x7e]*$/.test(value) && !['Expect', 'Upgrade', 'Connection'].includes(name);
    })
  );
}

function show(request: FuzzRequest): string {
  return JSON.stringify(request, (key, value) =>
    key === 'body' && value ? Buffer.from(value.data).toString('latin1') : value,
  );
}
