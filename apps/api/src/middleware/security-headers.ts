import type { RequestHandler } from 'express';

/** Output of containers is shown as it is: no browser may take it for a page, no cache may keep it. */
export const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set('X-Content-Type-Options', 'nosniff');
  res.set('Cache-Control', 'no-store');
  next();
};
