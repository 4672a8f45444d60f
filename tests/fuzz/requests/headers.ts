import fc from 'fast-check';

const VALUES: Record<string, readonly string[]> = {
  Accept: [
    'application/json',
    'text/plain',
    '*/*',
    '',
    'text/html',
    'application/json;q=0.x',
    ',,,;',
  ],
  Prefer: [
    'wait=0',
    'respond-async',
    'wait=1',
    'wait=999999999999',
    'wait="',
    'a="b,c", wait=0',
    ';;=,',
  ],
  'Content-Type': [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/json; charset=latin1',
    '/',
  ],
  'Content-Encoding': ['gzip', 'identity', 'br, gzip'],
  'Idempotency-Key': ['k1', 'k2', 'k3', '', 'with space', 'x'.repeat(300)],
  'If-None-Match': ['*', '"x"', 'W/"y", "z"', '"'],
  'Last-Event-ID': ['1.0-0..M9rob3UL', '99999999.0-0..x', '', '0', '1.0-0..M9rob3UL.end'],
  'X-B3-TraceId': ['463ac35c9f6413ad', '0', 'x\x1b[2J', ''],
  traceparent: ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-0-0-0', 'ff-', ''],
  Authorization: ['Basic eDp5', 'Bearer x', 'Basic', 'Bearer ', 'x'],
  Origin: ['http://localhost', 'https://evil.example', 'null'],
  'Sec-Fetch-Site': ['same-origin', 'cross-site', 'none'],
  Expect: ['100-continue', '200-maybe'],
  Connection: ['close', 'keep-alive', 'Upgrade'],
  Upgrade: ['h2c', 'websocket'],
  Range: ['bytes=0-0', 'bytes=-1'],
  'X-HTTP-Method-Override': ['DELETE'],
  'X-Forwarded-For': ['127.0.0.1', '\xff'],
};

/** Bytes that may be in a header as such; what may not be comes by damages. */
const fieldText = fc
  .array(fc.integer({ min: 0x20, max: 0xff }), { maxLength: 40 })
  .map((bytes) =>
    Buffer.from(bytes.map((byte) => (byte === 0x7f ? 0x2e : byte))).toString('latin1'),
  );

const header = fc
  .constantFrom(...Object.keys(VALUES))
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...(VALUES[name] ?? [''])) },
        { weight: 1, arbitrary: fieldText },
      ),
    ),
  );

/** Each name once: to send some twice is a matter of damages. */
export const headers: fc.Arbitrary<[string, string][]> = fc.uniqueArray(header, {
  maxLength: 4,
  selector: ([name]) => name,
});
