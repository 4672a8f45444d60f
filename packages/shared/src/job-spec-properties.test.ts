import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testSchema } from './testing/test-schema.ts';

const MIB = 1024 * 1024;

/** As it comes from the network: `__proto__` is a field like any other there. */
const parse = (given: unknown) => testSchema.safeParse(JSON.parse(JSON.stringify(given)));
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const label = fc.stringMatching(/^[a-z0-9._/-]{1,20}$/).filter((name) => name !== '__proto__');
const labels = fc.dictionary(label, text, { maxKeys: 3 });
const names = fc.stringMatching(/^[A-Z][A-Z0-9]{0,9}$/);

/** Specs that are as they may be, every field at times. */
const spec = fc.record(
  {
    image: fc.constantFrom('alpine', 'ghcr.io/acme/tool:1', `a/b@sha256:${'0'.repeat(64)}`),
    entrypoint: fc.array(text, { maxLength: 3 }),
    args: fc.array(text, { maxLength: 3 }),
    stdin: fc.string({ unit: 'grapheme' }),
    env: fc.dictionary(names, text, { maxKeys: 3 }),
    workdir: text.map((path) => `/${path}`),
    user: fc.constantFrom('1000', '1000:1000', 'nobody'),
    pull: fc.constantFrom('always', 'ABSENT', 'never'),
    platform: fc.constantFrom('linux/amd64', 'linux/arm/v7'),
    remove: fc.boolean(),
    removeImage: fc.boolean(),
    useDockerCache: fc.boolean(),
    timeoutSeconds: fc.integer({ min: 1, max: 60 }),
    killTimeoutSeconds: fc.integer({ min: 0, max: 30 }),
    queueTimeoutSeconds: fc.integer({ min: 1, max: 604_800 }),
    pullTimeoutSeconds: fc.integer({ min: 1, max: 3600 }),
    resources: fc.record(
      {
        memoryBytes: fc.integer({ min: 6 * MIB }),
        cpus: fc.double({ min: 0.01, max: 1024, noNaN: true }),
        pids: fc.integer({ min: 1, max: 4_194_304 }),
      },
      { requiredKeys: [] },
    ),
    network: fc.constantFrom('bridge', 'none'),
    init: fc.boolean(),
    labels,
    requires: fc.dictionary(label, label, { maxKeys: 3 }),
    priority: fc.integer({ min: -1000, max: 1000 }),
    group: fc.constantFrom('blue', 'a.b@c.de'),
    retry: fc.record(
      {
        maxAttempts: fc.integer({ min: 2, max: 100 }),
        on: fc.uniqueArray(fc.constantFrom('worker.lost', 'exit:1', 'exit:255'), { minLength: 1 }),
        backoffSeconds: fc.integer({ min: 0, max: 3600 }),
      },
      { requiredKeys: ['maxAttempts'] },
    ),
    retentionSeconds: fc.integer({ min: 1, max: 3600 }),
  },
  { requiredKeys: ['image'] },
);

/** What a field takes that is a whole number. */
const WHOLE: Record<string, readonly [least: number, most: number]> = {
  timeoutSeconds: [1, 60],
  killTimeoutSeconds: [0, 30],
  queueTimeoutSeconds: [1, 604_800],
  pullTimeoutSeconds: [1, 3600],
  retentionSeconds: [1, 3600],
  priority: [-1000, 1000],
  'resources.memoryBytes': [6 * MIB, Number.MAX_SAFE_INTEGER],
  'resources.pids': [1, 4_194_304],
  'retry.maxAttempts': [2, 100],
  'retry.backoffSeconds': [0, 3600],
};

/** Numbers that are none, or none of those that are meant. */
const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -2, max: 4000 }),
  fc.double(),
  fc.constantFrom(1e30, -1e30, 2 ** 53, -0.5, 0.1, Number.NaN, Number.POSITIVE_INFINITY, null),
  fc.constantFrom('1', '0x1', '1e1', '', ' 1', true, [1], { valueOf: 1 }),
);

function withField(path: string, value: unknown): object {
  const [outer = '', inner] = path.split('.');
  if (inner === undefined) return { image: 'alpine', [outer]: value };
  const rest = outer === 'retry' && inner !== 'maxAttempts' ? { maxAttempts: 2 } : {};
  return { image: 'alpine', [outer]: { ...rest, [inner]: value } };
}

const wherever = (given: object, path: readonly PropertyKey[], value: unknown) => {
  const copy = structuredClone(given) as Record<string, unknown>;
  const at = path.reduce<Record<string, unknown>>((object, part) => {
    object[String(part)] ??= {};
    return object[String(part)] as Record<string, unknown>;
  }, copy);
  // As JSON.parse makes it: a field, and not the prototype.
  return { copy, at: Object.defineProperty(at, String(value), { value: 'x', enumerable: true }) };
};

describe('any job spec', () => {
  test('that is as it may be is taken, and is the same when it is printed and read again', () => {
    fc.assert(
      fc.property(spec, (given) => {
        const first = parse(given);
        expect(first.error?.issues ?? []).toEqual([]);
        expect(parse(first.data).data).toEqual(first.data);
      }),
      { numRuns: 300 },
    );
  });

  test('with one field that may be anything is taken or refused, and is the same when it is read again', () => {
    const fields = Object.keys(testSchema.in.shape);
    const spoiled = fc.tuple(spec, fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(spoiled, ([given, field, value]) => {
        const { success, data, error } = parse({ ...given, [field]: value });
        if (success) expect(parse(data).data).toEqual(data);
        // The rest was right: only this field is complained about, or what no longer fits it.
        else expect(error.issues.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused when it is no spec at all, without another error than that', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const names = typeof value === 'object' ? Object.keys(value ?? {}) : [];
        fc.pre(!names.includes('image'));
        expect(testSchema.safeParse(value).success).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused with a field that is not known, wherever it is, __proto__ among them', () => {
    const unknown = fc.constantFrom('__proto__', 'constructor', 'toString', 'Image', 'privileged');
    const places = fc.constantFrom<string[]>([], ['resources'], ['retry']);
    fc.assert(
      fc.property(spec, places, unknown, (given, path, name) => {
        const { copy } = wherever(given, path, name);
        const { error } = parse(copy);
        const keys = error?.issues.flatMap((issue) =>
          issue.code === 'unrecognized_keys' ? issue.keys : [],
        );
        expect(keys).toContain(name);
      }),
    );
  });

  test('is refused with __proto__ among its variables or labels', () => {
    const maps = fc.constantFrom('env', 'secretEnv', 'labels', 'requires');
    fc.assert(
      fc.property(spec, maps, (given, map) => {
        const { error } = parse(wherever(given, [map], '__proto__').copy);
        expect(error?.issues.map(({ path }) => path.join('.'))).toContain(`${map}.__proto__`);
      }),
    );
    expect(Object.prototype).not.toHaveProperty('x');
  });

  test.each(Object.entries(WHOLE))(
    'takes of %s whole numbers within bounds only',
    (path, [least, most]) => {
      fc.assert(
        fc.property(number, (value) => {
          const isRight =
            Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
          const { success, error } = testSchema.safeParse(withField(path, value));
          expect(success).toBe(isRight);
          for (const issue of error?.issues ?? []) expect(issue.path.join('.')).toBe(path);
        }),
      );
    },
  );
});
