import { describe, expect, test } from 'vitest';
import { workerLabelsSchema } from './job-spec.ts';
import { testSchema } from './testing/test-schema.ts';

const accept = (fields: object) => testSchema.parse({ image: 'alpine', ...fields });

function complaintsOf(fields: object): string[] {
  const { error } = testSchema.safeParse({ image: 'alpine', ...fields });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('requires', () => {
  const NAME = 'A label name takes 1 to 63 of a-z 0-9 . - / _';
  const VALUE = 'requires.a: A label value takes 1 to 63 of a-z 0-9 . - / _';
  const BAD = [
    '',
    'A',
    'a b',
    'a=b',
    'a,b',
    'a:b',
    'a+b',
    'é',
    'n'.repeat(64),
    'a\n',
    '\na',
    'a\0',
  ];

  test('takes names and values of every character that is allowed, up to 63', () => {
    const all = 'abcdefghijklmnopqrstuvwxyz0123456789.-/_';
    const longest = 'x'.repeat(63);
    const requires = { [all]: all, [longest]: longest, '-': '.', '0': '/' };
    expect(accept({ requires }).requires).toEqual(requires);
  });

  test.each(BAD)('has no name %j', (name) => {
    const { error } = testSchema.safeParse({ image: 'alpine', requires: { [name]: 'x' } });
    expect(error?.issues).toMatchObject([
      { code: 'invalid_key', path: ['requires', name], issues: [{ message: NAME }] },
    ]);
  });

  test.each(BAD)('has no value %j', (value) => {
    expect(complaintsOf({ requires: { a: value } })).toEqual([VALUE]);
  });

  test.each([true, 1, null, ['x'], { b: 'x' }])('has no value %j, which is no text', (value) => {
    expect(complaintsOf({ requires: { a: value } })).toEqual(['requires.a: Must be text.']);
  });

  test.each([null, 'gpu=true', ['gpu'], 5])('is an object, not %j', (requires) => {
    expect(complaintsOf({ requires })).toHaveLength(1);
  });

  test('refuses __proto__, and does not drop it without a word', () => {
    const requires = JSON.parse('{"__proto__":"x"}');
    expect(complaintsOf({ requires })).toEqual([
      'requires.__proto__: A name can not be __proto__.',
    ]);
  });

  test('follows the same rules as the labels of a worker', () => {
    for (const text of BAD) {
      expect(workerLabelsSchema.safeParse({ [text]: 'x' }).success).toBe(false);
      expect(workerLabelsSchema.safeParse({ a: text }).success).toBe(false);
    }
    expect(workerLabelsSchema.parse({ gpu: 'true' })).toEqual({ gpu: 'true' });
  });
});

describe('priority', () => {
  test.each([-1000, -1, 0, 1000])('can be %d', (priority) => {
    expect(accept({ priority }).priority).toBe(priority);
  });

  test.each([
    [1.5, 'Must be a whole number.'],
    ['1', 'Must be a whole number.'],
    [null, 'Must be a whole number.'],
    [Number.NaN, 'Must be a whole number.'],
    [-1001, 'Must be at least -1000.'],
    [1001, 'Must be at most 1000.'],
    [1e9, 'Must be at most 1000.'],
  ])('is not %j', (priority, message) => {
    expect(complaintsOf({ priority })).toEqual([`priority: ${message}`]);
  });
});

describe('retry', () => {
  const withRetry = (fields: object) => complaintsOf({ retry: { maxAttempts: 2, ...fields } });

  test('of a number of attempts alone is for lost workers, at once', () => {
    expect(accept({ retry: { maxAttempts: 2 } }).retry).toEqual({
      maxAttempts: 2,
      on: ['worker.lost'],
      backoffSeconds: 0,
    });
  });

  test.each([
    { maxAttempts: 100, on: ['exit:1', 'exit:255'], backoffSeconds: 3600 },
    { maxAttempts: 2, on: ['registry.unreachable', 'run.timed_out'], backoffSeconds: 0 },
  ])('takes %j', (retry) => {
    expect(accept({ retry }).retry).toEqual(retry);
  });

  const UNBOUND = 'A whole number is required: there is no retry without bound.';
  test.each([
    [undefined, UNBOUND],
    [null, UNBOUND],
    ['3', UNBOUND],
    [2.5, UNBOUND],
    [Number.POSITIVE_INFINITY, UNBOUND],
    [1, 'Must be at least 2: the first run counts.'],
    [0, 'Must be at least 2: the first run counts.'],
    [-1, 'Must be at least 2: the first run counts.'],
    [101, 'Must be at most 100.'],
    [1e9, 'Must be at most 100.'],
  ])('has no maxAttempts of %j', (maxAttempts, message) => {
    expect(withRetry({ maxAttempts })).toEqual([`retry.maxAttempts: ${message}`]);
  });

  test.each([
    'exit:0',
    'exit:256',
    'exit:x',
    'anything',
    'run.cancelled',
    'queue.timed_out',
    '',
    'toString',
  ])('is not on %j', (cause) => {
    expect(withRetry({ on: ['worker.lost', cause] })).toEqual([
      'retry.on.1: Must be an error code such as worker.lost, or exit:1 to exit:255.',
    ]);
  });

  test('is on something, and on at most 64 causes', () => {
    expect(withRetry({ on: [] })).toEqual(['retry.on: Must name at least one cause.']);
    expect(withRetry({ on: 'worker.lost' })).toHaveLength(1);
    const causes = Array.from({ length: 65 }, (_, n) => `exit:${n + 1}`);
    expect(withRetry({ on: causes })).toHaveLength(1);
    expect(withRetry({ on: causes.slice(1) })).toEqual([]);
  });

  test.each([
    [-1, 'Must not be negative.'],
    [3601, 'Must be at most 3600 seconds.'],
    [0.5, 'Must be a whole number of seconds.'],
    ['5', 'Must be a whole number of seconds.'],
  ])('has no backoff of %j', (backoffSeconds, message) => {
    expect(withRetry({ backoffSeconds })).toEqual([`retry.backoffSeconds: ${message}`]);
  });

  test.each([true, 3, 'always', null, []])('is an object, not %j', (retry) => {
    expect(complaintsOf({ retry })).toHaveLength(1);
  });

  test('refuses fields that it does not know', () => {
    expect(withRetry({ forever: true })).toHaveLength(1);
  });
});

describe('a deadline', () => {
  const WHOLE = 'Must be a whole number of seconds.';
  test.each([
    ['timeoutSeconds', 60],
    ['queueTimeoutSeconds', 604_800],
    ['pullTimeoutSeconds', 3600],
    ['retentionSeconds', 3600],
  ])('%s is a whole number from 1 to %d', (field, most) => {
    const complaintOf = (value: unknown) => complaintsOf({ [field]: value });
    const atMost = `${field}: Must be at most ${most} seconds, the configured maximum.`;
    expect(complaintOf(0)).toEqual([`${field}: Must be at least 1 second.`]);
    expect(complaintOf(-1)).toEqual([`${field}: Must be at least 1 second.`]);
    expect(complaintOf(most + 1)).toEqual([atMost]);
    expect(complaintOf(1e15)).toEqual([atMost]);
    expect(complaintOf(1.5)).toEqual([`${field}: ${WHOLE}`]);
    expect(complaintOf(null)).toEqual([`${field}: Must be a number of seconds.`]);
    expect([complaintOf(1), complaintOf(most)]).toEqual([[], []]);
  });
});

describe('the environment', () => {
  test.each(['CONJOB_', 'CONJOB_JOB_ID', 'CONJOB_ATTEMPT', 'CONJOB_x'])(
    'has no variable %s: such names are taken',
    (name) => {
      const { error } = testSchema.safeParse({ image: 'alpine', env: { [name]: 'x' } });
      const message = 'Names that begin with CONJOB_ are taken.';
      expect(error?.issues).toMatchObject([{ path: ['env', name], issues: [{ message }] }]);
    },
  );

  test.each(['CONJOB', 'conjob_id', 'MY_CONJOB_ID'])('can have a variable %s', (name) => {
    expect(accept({ env: { [name]: 'x' } }).env).toEqual({ [name]: 'x' });
  });
});
