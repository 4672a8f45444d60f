import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { ApiPart } from '../cluster/cluster.ts';

/** One request as its client saw it, with times of the client's clock. */
export interface Call {
  readonly api: string;
  readonly request: string;
  readonly from: number;
  readonly until: number;
  /** How long it may take, as documented: the wait that it asked for, and two seconds. */
  readonly limitMs: number;
  /** Null when no answer came. */
  readonly status: number | null;
  /** Of a request that made or found a job: its conclusion, if it has ended. */
  readonly conclusion: string | null;
  /** `ECONNREFUSED`, `ECONNRESET`, … or `late`, when none came by far. */
  readonly error: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Question {
  readonly path: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: object;
  /** What the request itself asks to wait for. */
  readonly waitMs?: number;
}

/** P6: the asked wait, and two seconds. */
const PROMISED_MS = 2_000;
/** When a client gives up: far beyond, so that the history shows how late an answer was. */
const PATIENCE_MS = 30_000;

/** Asks, and writes down how it went. Each call is a connection of its own. */
export class Client {
  readonly history: Call[] = [];

  /** Never rejects: an answer, or the code of the error that came instead. */
  async ask(api: ApiPart, question: Question): Promise<Answer | { readonly error: string }> {
    const { path, method = 'GET', waitMs = 0 } = question;
    const from = Date.now();
    const write = (outcome: Pick<Call, 'status' | 'error' | 'conclusion'>): void => {
      this.history.push({
        api: api.name,
        request: `${method} ${path.slice(0, 80)}`,
        from,
        until: Date.now(),
        limitMs: waitMs + PROMISED_MS,
        ...outcome,
      });
    };
    try {
      const answer = await send(api.url, question, waitMs + PROMISED_MS + PATIENCE_MS);
      const conclusion = answer.headers['conjob-conclusion'];
      write({ status: answer.status, error: null, conclusion: conclusion?.toString() ?? null });
      return answer;
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      const isLate = code === 'ABORT_ERR' || name === 'TimeoutError';
      const said = isLate ? 'late' : (code ?? name);
      write({ status: null, error: said, conclusion: null });
      return { error: said };
    }
  }
}

async function send(url: string, question: Question, patienceMs: number): Promise<Answer> {
  const { path, method = 'GET', headers = {}, json } = question;
  const call = request(`${url}${path}`, {
    method,
    agent: false,
    headers: {
      ...headers,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    signal: AbortSignal.timeout(patienceMs),
  });
  const reply = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve).on('error', reject);
  });
  call.end(json === undefined ? undefined : JSON.stringify(json));
  const response = await reply;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}
