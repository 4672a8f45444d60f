import { createHash, timingSafeEqual } from 'node:crypto';

/** The one user name and password of a port. The password itself is not kept. */
export interface BasicLogin {
  readonly username: string;
  /** SHA-256 of `username:password`, as a client sends it. */
  readonly digest: Buffer;
}

export function basicLogin(username: string, password: string): BasicLogin {
  return { username, digest: sha256(`${username}:${password}`) };
}

/**
 * Whether what a client sent, decoded, is this login. Digests of one length are compared in constant time:
 * how long it takes tells nothing of name, password or their lengths.
 */
export function isLogin(login: BasicLogin, sent: Buffer): boolean {
  return timingSafeEqual(sha256(sent), login.digest);
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
