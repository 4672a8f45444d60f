import type { Problem as AdminProblem } from './generated/admin.ts';
import type { Problem } from './generated/api.ts';

/** What a call of a client resolves to. */
interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** A request that was answered with an error: `problem` is its problem document, where the answer was one. */
export class ConJobRequestError extends Error {
  override readonly name = 'ConJobRequestError';
  readonly status: number;
  readonly problem: Problem | AdminProblem | undefined;
  /** What the answer was. A run that failed, for one, is no problem document but a `RunAnswer`. */
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    const problem = isProblem(body) ? body : undefined;
    const said = problem === undefined ? undefined : `${problem.code}: ${problem.detail}`;
    super(said ?? `HTTP status ${status}`);
    this.status = status;
    this.problem = problem;
    this.body = body;
  }
}

/** The data of an answer. Throws {@link ConJobRequestError} when its status is none of success. */
export async function dataOf<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  throw new ConJobRequestError(response.status, error);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}
