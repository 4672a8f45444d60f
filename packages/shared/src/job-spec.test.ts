import { describe, expect, test } from 'vitest';
import { jobSpecSchema } from './job-spec.ts';
import { TEST_LIMITS, testSchema } from './testing/test-schema.ts';

const MIB = 1024 * 1024;

const accept = (fields: object) => testSchema.parse({ image: 'alpine', ...fields });

/** Where the complaints are about, and what they say: `resources.cpus: Must be …`. */
function complaints(fields: unknown): string[] {
  const { error } = testSchema.safeParse(fields);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const complaintsOf = (fields: object) => complaints({ image: 'alpine', ...fields });

describe('a job spec', () => {
  test('of an image alone gets every default', () => {
    expect(testSchema.parse({ image: 'alpine' })).toEqual({
      image: 'alpine',
      args: [],
      env: {},
      secretEnv: {},
      pull: 'always',
      remove: false,
      removeImage: false,
      timeoutSeconds: 60,
      killTimeoutSeconds: 30,
      pullTimeoutSeconds: 300,
      resources: {},
      profile: 'default',
      network: 'none',
      init: false,
      labels: {},
      requires: {},
      priority: 0,
      retentionSeconds: 600,
    });
  });

  test('keeps everything that it says', () => {
    const full = {
      image: 'ghcr.io/acme/tool:1',
      entrypoint: ['sh', '-c'],
      args: ['', 'a\nb', '😀'],
      stdin: 'typed\0\n',
      env: { PATH: '/bin', 'odd name': '' },
      secretEnv: { TOKEN: 'hunter2', 'odd secret': '' },
      workdir: '/work dir',
      user: '1000:1000',
      pull: 'absent',
      platform: 'linux/arm/v7',
      remove: true,
      removeImage: true,
      useDockerCache: false,
      timeoutSeconds: 1,
      killTimeoutSeconds: 0,
      queueTimeoutSeconds: 5,
      pullTimeoutSeconds: 6,
      resources: { memoryBytes: 64 * MIB, cpus: 0.5, pids: 100 },
      profile: 'default',
      network: 'bridge',
      init: true,
      labels: { 'com.acme/team_a-b': 'docs' },
      requires: { arch: 'arm64', 'gpu.acme/type_a-b': 'x.1/2_3-4' },
      priority: -1000,
      retry: { maxAttempts: 3, on: ['worker.lost', 'exit:75'], backoffSeconds: 10 },
      retentionSeconds: 3600,
    };
    expect(testSchema.parse(full)).toEqual(full);
  });

  test('takes the pull policy in any case', () => {
    expect(accept({ pull: 'NEVER' }).pull).toBe('never');
  });

  test.each([
    ['args', Array(65_536).fill('')],
    ['entrypoint', Array(4096).fill('x')],
    ['entrypoint', []],
    ['env', { ['N'.repeat(255)]: '' }],
    ['workdir', `/${'a'.repeat(4095)}`],
    ['user', 'u'.repeat(255)],
    ['timeoutSeconds', 60],
    ['killTimeoutSeconds', 30],
    ['queueTimeoutSeconds', 604_800],
    ['pullTimeoutSeconds', 3600],
    ['retentionSeconds', 3600],
    ['labels', { ['n'.repeat(63)]: 'v'.repeat(255) }],
    ['platform', 'linux/amd64'],
    ['resources', { memoryBytes: 6 * MIB, cpus: 0.01, pids: 1 }],
    ['resources', { cpus: 1024, pids: 4_194_304, memoryBytes: Number.MAX_SAFE_INTEGER }],
  ])('takes %s up to its bound', (field, value) => {
    expect(accept({ [field]: value })).toHaveProperty(field, value);
  });

  test.each([
    ['args', Array(65_537).fill('')],
    ['args', 'text'],
    ['entrypoint', Array(4097).fill('x')],
    ['env', []],
    ['workdir', 'relative'],
    ['workdir', ''],
    ['workdir', `/${'a'.repeat(4096)}`],
    ['user', ''],
    ['user', 'u'.repeat(256)],
    ['pull', 'sometimes'],
    ['pull', 1],
    ['network', 'host'],
    ['profile', 'trusted'],
    ['profile', 'privileged'],
    ['init', 'yes'],
    ['platform', 'linux'],
    ['platform', 'linux/'],
    ['platform', 'linux/amd64/v1/x'],
    ['platform', 'Linux/amd64'],
    ['platform', 'linux/amd64\n'],
    ['platform', `linux/${'a'.repeat(60)}`],
    ['remove', 'true'],
    ['removeImage', 1],
    ['useDockerCache', 'false'],
    ['timeoutSeconds', 0],
    ['timeoutSeconds', 61],
    ['timeoutSeconds', 1.5],
    ['timeoutSeconds', '5'],
    ['timeoutSeconds', Number.NaN],
    ['timeoutSeconds', Number.POSITIVE_INFINITY],
    ['killTimeoutSeconds', -1],
    ['killTimeoutSeconds', 31],
    ['killTimeoutSeconds', 0.5],
    ['queueTimeoutSeconds', 0],
    ['queueTimeoutSeconds', 604_801],
    ['pullTimeoutSeconds', 0],
    ['pullTimeoutSeconds', 3601],
    ['retentionSeconds', 0],
    ['retentionSeconds', 3601],
    ['stdin', 5],
    ['resources', null],
  ])('refuses %s that is %j, and names it', (field, value) => {
    const found = complaintsOf({ [field]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${field}: `));
  });

  test.each([
    [{ memoryBytes: 6 * MIB - 1 }, 'resources.memoryBytes: Must be at least 6 MiB (6291456).'],
    [{ cpus: 0 }, 'resources.cpus: Must be at least 0.01.'],
    [{ cpus: 1025 }, 'resources.cpus: Must be at most 1024.'],
    [{ pids: 0 }, 'resources.pids: Must be at least 1.'],
  ])('refuses resources of %j', (resources, complaint) => {
    expect(complaintsOf({ resources })).toEqual([complaint]);
  });

  test.each([
    [undefined, 'An image is required.'],
    [5, 'An image is required.'],
    ['', 'An image is required, for example library/hello-world:latest.'],
    ['a:', 'The tag of the image takes 1 to 128 letters, digits, dots, dashes, underscores.'],
  ])('refuses the image %j', (image, message) => {
    expect(complaints({ image })).toEqual([`image: ${message}`]);
  });

  test.each([null, [], 'alpine', 5])('is an object, not %j', (value) => {
    expect(complaints(value)).toHaveLength(1);
  });

  test('names everything that is wrong at once', () => {
    const found = complaintsOf({ args: ['ok', 'a\0'], env: { A: 5 }, user: '', timeoutSeconds: 0 });
    expect(found.map((complaint) => complaint.replace(/:.*/, ''))).toEqual([
      'args.1',
      'env.A',
      'user',
      'timeoutSeconds',
    ]);
  });

  test.each(['bogus', 'Image', 'constructor', '__proto__', 'toString'])(
    'refuses the unknown field %s, also among the resources',
    (field) => {
      const { error } = testSchema.safeParse(JSON.parse(`{"image":"a","${field}":1}`));
      expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: [field], path: [] }]);
      const nested = testSchema.safeParse(JSON.parse(`{"image":"a","resources":{"${field}":1}}`));
      expect(nested.error?.issues).toMatchObject([{ keys: [field], path: ['resources'] }]);
    },
  );
});

describe('text', () => {
  const fields: [string, (value: string) => object][] = [
    ['args.0', (value) => ({ args: [value] })],
    ['entrypoint.0', (value) => ({ entrypoint: [value] })],
    ['env.A', (value) => ({ env: { A: value } })],
    ['workdir', (value) => ({ workdir: `/${value}` })],
    ['user', (value) => ({ user: value })],
    ['labels.a', (value) => ({ labels: { a: value } })],
  ];

  test.each(fields)('of %s holds no NUL', (path, fieldsOf) => {
    expect(complaintsOf(fieldsOf('a\0b'))).toEqual([`${path}: Must not contain a NUL character.`]);
  });

  test.each([...fields, ['stdin', (stdin: string) => ({ stdin })] as const])(
    'of %s holds no half of a surrogate pair',
    (path, fieldsOf) => {
      for (const half of ['\ud83d', '\ude00', 'a\ude00\ud83d']) {
        expect(complaintsOf(fieldsOf(half))).toEqual([
          `${path}: Must not contain half a surrogate pair.`,
        ]);
      }
      expect(complaintsOf(fieldsOf('😀'))).toEqual([]);
    },
  );
});

describe('a name', () => {
  test.each(['', 'A=B', '=', 'A\0', 'N'.repeat(256), '\ud83d'])(
    'of a variable is not %j',
    (name) => {
      const { error } = testSchema.safeParse({ image: 'alpine', env: { [name]: 'x' } });
      expect(error?.issues).toMatchObject([{ code: 'invalid_key', path: ['env', name] }]);
    },
  );

  test.each(['', 'A', 'a b', 'a:b', 'é', 'n'.repeat(64), 'a\n'])('of a label is not %j', (name) => {
    const { error } = testSchema.safeParse({ image: 'alpine', labels: { [name]: 'x' } });
    expect(error?.issues).toMatchObject([{ code: 'invalid_key', path: ['labels', name] }]);
  });

  test('of a label has a value of at most 255 characters', () => {
    expect(complaintsOf({ labels: { a: 'v'.repeat(256) } })).toEqual([
      'labels.a: At most 255 characters.',
    ]);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', 'prototype'])(
    '%s is a name like any other for a variable',
    (name) => {
      const { env } = accept({ env: { [name]: 'x' } });
      expect(Object.entries(env)).toEqual([[name, 'x']]);
    },
  );

  test.each(['env', 'labels'])(
    '__proto__ is refused in %s, not dropped without a word',
    (field) => {
      const given = JSON.parse(`{"image":"alpine","${field}":{"__proto__":"x","a":"b"}}`);
      expect(complaints(given)).toEqual([`${field}.__proto__: A name can not be __proto__.`]);
    },
  );

  test('that is untrusted has no network, whatever is configured', () => {
    const usual = jobSpecSchema({ ...TEST_LIMITS, defaultNetwork: 'bridge' });
    const networkOf = (fields: object) => usual.parse({ image: 'alpine', ...fields }).network;
    expect(networkOf({})).toBe('bridge');
    expect(networkOf({ profile: 'untrusted' })).toBe('none');
    expect(networkOf({ network: 'none' })).toBe('none');
    expect(complaintsOf({ profile: 'untrusted', network: 'bridge' })).toEqual([
      'network: An untrusted job has no network.',
    ]);
  });

  test('has the profile that is configured when it asks for none', () => {
    const stricter = jobSpecSchema({ ...TEST_LIMITS, defaultProfile: 'untrusted' });
    expect(stricter.parse({ image: 'alpine' }).profile).toBe('untrusted');
  });

  test('asks for no more than is configured', () => {
    const small = jobSpecSchema({ ...TEST_LIMITS, sandbox: { memoryBytes: 64 * MIB, cpus: 1 } });
    const ask = (resources: object) => small.safeParse({ image: 'alpine', resources }).success;
    expect(ask({ memoryBytes: 64 * MIB, cpus: 1, pids: 512 })).toBe(true);
    for (const wish of [{ memoryBytes: 64 * MIB + 1 }, { cpus: 1.1 }, { pids: 513 }]) {
      expect(ask(wish)).toBe(false);
    }
  });

  test('is of an image that may be run', () => {
    const images = { allow: [{ domain: 'ghcr.io', path: 'acme/*' }] };
    const strict = jobSpecSchema({ ...TEST_LIMITS, images });
    expect(strict.safeParse({ image: 'ghcr.io/acme/tool' }).success).toBe(true);
    expect(strict.safeParse({ image: 'alpine' }).error?.issues).toMatchObject([
      { path: ['image'], message: 'The image is not among those that may be run here.' },
    ]);
    expect(strict.safeParse({ image: 'ghcr.io/acme/' }).error?.issues).toHaveLength(1);
  });
});
