import type { Logger } from '@conjob/shared';
import type { Response } from 'express';
import { ABANDONED } from '../middleware/request-log.ts';
import type { Tokens } from './tokens.ts';

/** So long an answer may go on after its token was revoked, or has expired. */
const LOOK_EVERY_MS = 3_000;

/**
 * Looks whether tokens still count whose answers take long, such as output that is followed, and cuts off
 * the answers of those that do not. While Redis is away nobody knows: they go on until it is back.
 */
export class TokenWatch {
  readonly #tokens: Pick<Tokens, 'find'>;
  readonly #logger: Logger;
  readonly #open = new Map<string, Set<Response>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tokens: Pick<Tokens, 'find'>, logger: Logger) {
    this.#tokens = tokens;
    this.#logger = logger;
  }

  /** For as long as the answer is open. */
  add(token: string, res: Response): void {
    if (res.closed) return;
    const answers = this.#open.get(token) ?? new Set();
    this.#open.set(token, answers.add(res));
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
    res.once('close', () => {
      answers.delete(res);
      if (answers.size === 0 && this.#open.get(token) === answers) this.#open.delete(token);
      if (this.#open.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  #look(): void {
    for (const [token, answers] of this.#open) {
      this.#tokens
        .find(token)
        .then((found) => {
          if (found === null) for (const res of answers) cutOff(res);
        })
        .catch((error: unknown) =>
          this.#logger.debug({ err: error }, 'could not look for a token'),
        );
    }
  }
}

function cutOff(res: Response): void {
  res.locals[ABANDONED] = 'its token was revoked or has expired';
  res.destroy();
}
