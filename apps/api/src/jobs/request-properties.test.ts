import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPreferences } from '../http/prefer.ts';
import { Query } from '../http/query.ts';
import { RequestError } from '../http/request-errors.ts';
import { testSchema } from '../testing/test-schema.ts';
import { readCancelReason } from './cancel-request.ts';
import { nextPageUrl, readListQuery } from './list-query.ts';
import { readQueryRequest } from './query-request.ts';
import { readSpecRequest } from './spec-request.ts';

const PARAMETERS = [
  ...[
    'image',
    'arg',
    'stdin',
    'pull',
    'remove',
    'timeout',
    'network',
    'profile',
    'group',
    'stream',
  ],
  ...['state', 'conclusion', 'label', 'limit', 'cursor', 'reason', '__proto__', 'constructor', ''],
];
const VALUES = [
  ...['alpine', 'true', 'FALSE', 'always', 'none', 'finished', 'SUCCESS', 'a:b', '0', '7', '-1'],
  ...['1.5', '1e3', '0x7', '99999999999999999999', 'NaN', '', '%', '%zz', '%ff', '%00', '%0d%0a'],
];
const part = fc.oneof(
  fc.constantFrom(...VALUES),
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .map((each) => encodeURIComponent(each.toWellFormed())),
  fc.string({ maxLength: 12 }),
);
const pair = fc.tuple(fc.oneof(fc.constantFrom(...PARAMETERS), part), part);
const url = fc
  .array(pair, { maxLength: 5 })
  .map((pairs) => `/jobs?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)),
  fc.json({ maxDepth: 4 }).map((each) => Buffer.from(each)),
  fc
    .constantFrom('{"image":"alpine"}', '{"reason":"enough"}', '[[[', '')
    .map((each) => Buffer.from(each)),
);
const type = fc.constantFrom(
  'application/json',
  'text/plain',
  'application/json; charset=x',
  undefined,
);

/** What came of it; a refusal must be one of the catalogue, for which the caller is to blame. */
function read<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.status).toBeLessThan(500);
    return undefined;
  }
}

const RUNS = { numRuns: 1000 };

describe('whatever is sent is read, or refused by an error of the catalogue', () => {
  test('as a job in the query', () => {
    fc.assert(
      fc.property(
        url,
        bytes,
        (asked, body) => void read(() => readQueryRequest(testSchema, asked, body)),
      ),
      RUNS,
    );
  });

  test('as a job spec', () => {
    fc.assert(
      fc.property(
        type,
        bytes,
        (of, body) => void read(() => readSpecRequest(testSchema, '/jobs', of, body)),
      ),
      RUNS,
    );
  });

  test('as a filter of a list, whose next page asks for the same', () => {
    const cursor = 'j_01ARZ3NDEKTSV4RRFFQ69G5FAV';
    fc.assert(
      fc.property(url, (asked) => {
        const filter = read(() => readListQuery(asked));
        if (filter === undefined) return;
        expect(readListQuery(nextPageUrl(asked, cursor))).toEqual({ ...filter, before: cursor });
      }),
      { ...RUNS, examples: [['/jobs?group=?'], ['/jobs?group=a?b&limit=1']] },
    );
  });

  test('as a reason to cancel', () => {
    fc.assert(
      fc.property(url, type, bytes, (asked, of, body) => {
        read(() => readCancelReason(new Query(asked, ['reason']), of, body));
      }),
      RUNS,
    );
  });

  test('as a Prefer header, which is never refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { waitSeconds = 0 } = readPreferences(text);
        expect(Number.isSafeInteger(waitSeconds) && waitSeconds >= 0).toBe(true);
      }),
      RUNS,
    );
  });
});

test('a job is the same by query and by spec, and in whatever order its parameters are', () => {
  const asked = fc.record(
    {
      args: fc.array(fc.string({ unit: 'grapheme', maxLength: 9 }), { maxLength: 3 }),
      pull: fc.constantFrom('always', 'absent', 'never'),
      remove: fc.boolean(),
      network: fc.constantFrom('none', 'bridge'),
      group: fc.constantFrom('blue', 'green'),
    },
    { requiredKeys: ['args'] },
  );
  fc.assert(
    fc.property(asked, fc.boolean(), ({ args, ...fields }, isReversed) => {
      const named: [string, string][] = [
        ['image', 'alpine'],
        ...Object.entries(fields).map(([k, v]): [string, string] => [k, String(v)]),
      ];
      const ordered = isReversed ? named.toReversed() : named;
      const query = new URLSearchParams(ordered);
      for (const arg of args) query.append('arg', arg);
      const body = Buffer.from(JSON.stringify({ image: 'alpine', args, ...fields }));
      const byQuery = readQueryRequest(testSchema, `/jobs?${query}`, Buffer.alloc(0));
      const bySpec = readSpecRequest(testSchema, '/jobs', 'application/json', body);
      expect(byQuery.spec).toEqual(bySpec.spec);
      expect(byQuery.fingerprint).toBe(bySpec.fingerprint);
    }),
  );
});
