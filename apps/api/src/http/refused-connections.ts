import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';

const REFUSED = new WeakSet<Socket>();

/**
 * Nothing more is read from this connection; it ends with its present answer. Node alone would still hand on
 * requests that came together with this one, which RFC 9112 (9.6) forbids.
 */
export function refuseFurther({ socket }: Pick<IncomingMessage, 'socket'>): void {
  REFUSED.add(socket);
}

/** Leaves out requests on connections that are refused: nobody answers them, or hears of them. */
export function withoutRefused(handler: RequestListener): RequestListener {
  return (req, res) => {
    if (!REFUSED.has(req.socket)) handler(req, res);
  };
}
