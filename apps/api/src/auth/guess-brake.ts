import { setTimeout as sleep } from 'node:timers/promises';
import { RequestError } from '../http/request-errors.ts';
import { clientNetwork } from './client-network.ts';

export interface GuessBrakeOptions {
  /** So many wrong passwords an address may send at once, and then again in each minute; at most 60,000. */
  readonly perMinute: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
  /** How a wrong password is held up that is one too many. Rejects never. */
  readonly hold?: () => Promise<unknown>;
}

interface Address {
  /** How much of a minute's share its wrong passwords have taken, as it was then. */
  spentMs: number;
  seenAt: number;
  /** Undefined: the right password has not come from there. */
  letInAt: number | undefined;
}

const MINUTE_MS = 60_000;
/** So long an address is known from which the right password came. */
const KNOWN_MS = 24 * 60 * MINUTE_MS;
const HOLD_MS = 1_000;
/** So many answers are held up at a time: others go out at once. */
const MAX_HELD = 100;
/** Of so many addresses it is known what came from there; then the one is forgotten that was seen first. */
const MAX_ADDRESSES = 10_000;

/**
 * Slows guesses of a password, by the address that they come from. Beyond its share, an address is not heard for a
 * while, right or wrong: what it guesses it does not learn. That must lock nobody out who has a right password, so
 * an address from which that has come is always heard; what is wrong is then answered late. Each process counts for itself.
 */
export class GuessBrake {
  readonly #options: GuessBrakeOptions;
  readonly #now: () => number;
  /** So much of a minute's share each wrong password takes. */
  readonly #costMs: number;
  /** In the order in which they were seen last. */
  readonly #addresses = new Map<string, Address>();
  #held = 0;

  constructor(options: GuessBrakeOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#costMs = Math.floor(MINUTE_MS / options.perMinute);
  }

  /** Of how many addresses something is known. */
  get size(): number {
    return this.#addresses.size;
  }

  /**
   * Judges one password, by `isRight`. Throws `RequestError` `auth.too_many_failures` where it is not
   * to be known whether it is right, or is wrong once too often.
   */
  async judge(remoteAddress: string | undefined, isRight: () => boolean): Promise<boolean> {
    const address = this.#find(clientNetwork(remoteAddress));
    const isSpent = address.spentMs + this.#costMs > MINUTE_MS;
    if (isSpent && address.letInAt === undefined) throw this.#tooMany(address);
    if (isRight()) {
      address.letInAt = this.#now();
      return true;
    }
    if (isSpent) {
      await this.#hold();
      throw this.#tooMany(address);
    }
    address.spentMs += this.#costMs;
    return false;
  }

  #find(key: string): Address {
    const now = this.#now();
    const known = this.#addresses.get(key);
    const address = known ?? { spentMs: 0, seenAt: now, letInAt: undefined };
    address.spentMs = Math.max(0, address.spentMs - (now - address.seenAt));
    address.seenAt = now;
    if (address.letInAt !== undefined && now - address.letInAt > KNOWN_MS) {
      address.letInAt = undefined;
    }
    this.#addresses.delete(key);
    this.#addresses.set(key, address);
    if (this.size > MAX_ADDRESSES) this.#forgetOne();
    return address;
  }

  /** Strangers with many addresses must not make those forgotten that were let in. */
  #forgetOne(): void {
    for (const [key, { letInAt }] of this.#addresses) {
      if (letInAt === undefined) return void this.#addresses.delete(key);
    }
    const [first = ''] = this.#addresses.keys();
    this.#addresses.delete(first);
  }

  async #hold(): Promise<void> {
    if (this.#held >= MAX_HELD) return;
    this.#held += 1;
    try {
      await (this.#options.hold ?? holdUp)();
    } finally {
      this.#held -= 1;
    }
  }

  #tooMany({ spentMs }: Address): RequestError {
    const seconds = Math.ceil((spentMs + this.#costMs - MINUTE_MS) / 1000);
    return new RequestError('auth.too_many_failures', 'Too many wrong passwords came from there.', {
      hint: 'Wait, or use a token.',
      headers: { 'Retry-After': String(seconds) },
    });
  }
}

const holdUp = () => sleep(HOLD_MS, undefined, { ref: false });
