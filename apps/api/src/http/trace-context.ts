import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Response } from 'express';
import { traceId } from './trace-id.ts';

/** Version, trace, span of the caller, flags (W3C Trace Context, 3.2). A later version may say more behind them. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

/** In `res.locals`: what is to be told of the trace further on; unset where the caller has none. */
const PASSED_ON = 'traceparent';

/**
 * Answers with the trace of a request, and gives back its id for the log: that of `X-B3-TraceId`, else that of
 * `traceparent`, else a new one. What can't be read is as if it had not been sent. Each request is a span of its own.
 */
export function setTrace(headers: IncomingHttpHeaders, res: Response): string {
  const given = readTraceparent(headers['traceparent']);
  const id = traceId(headers['x-b3-traceid'] ?? given?.trace);
  const { trace, flags } = given ?? { trace: id.toLowerCase().padStart(32, '0'), flags: '00' };
  const traceparent = `00-${trace}-${newSpan()}-${flags}`;
  res.setHeader('X-B3-TraceId', id);
  res.setHeader('traceparent', traceparent);
  if (given !== undefined) res.locals[PASSED_ON] = traceparent;
  return id;
}

/** Never all zero. Node has random bytes for many of these at a time. */
function newSpan(): string {
  return randomUUID().replaceAll('-', '').slice(16);
}

/** For whatever is done for the caller of this request, in its trace; undefined where it has none. */
export function passedTrace(res: Response): string | undefined {
  return res.locals[PASSED_ON] as string | undefined;
}

function readTraceparent(header: string | string[] | undefined) {
  const [, version, trace, flags, more] = TRACEPARENT.exec(String(header)) ?? [];
  if (trace === undefined || (version === '00' && more !== undefined)) return undefined;
  // Whether it is recorded is all that is known of flags here.
  return { trace, flags: Number.parseInt(flags ?? '', 16) % 2 === 1 ? '01' : '00' };
}
