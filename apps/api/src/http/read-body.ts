import express, { type Request, type RequestHandler } from 'express';

/** Reads the body as bytes, whatever its Content-Type says: curl calls every body a form. */
export function readBody(maxBytes: number): RequestHandler {
  return express.raw({ type: () => true, limit: maxBytes, inflate: false });
}

/** The bytes that {@link readBody} read; empty when the request has no body. */
export function bodyOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}
