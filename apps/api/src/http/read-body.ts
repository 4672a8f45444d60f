import express, { type Request, type RequestHandler } from 'express';
import { bodyTooLarge } from './request-errors.ts';

/** Reads the body as bytes, whatever its Content-Type says: curl calls every body a form. */
export function readBody(maxBytes: number): RequestHandler {
  const read = express.raw({ type: () => true, limit: maxBytes, inflate: false });
  return (req, res, next) => {
    // The reader itself would take all of it first. What the client still sends is read and thrown away.
    if (Number(req.headers['content-length']) > maxBytes) throw bodyTooLarge(maxBytes);
    return read(req, res, next);
  };
}

/** More than anybody sends along who does not know that nothing reads it. */
const MAX_IGNORED_BYTES = 64 * 1024;

/**
 * For what changes something and takes no body: it is to be done only when all of the request is there, and was one
 * request. A parser that finds an error in a body does so after the headers were passed on.
 */
export const ignoreBody = readBody(MAX_IGNORED_BYTES);

/** The bytes that {@link readBody} read; empty when the request has no body. */
export function bodyOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}
