import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobRecord, JobSpec, JobSpecInput } from '@conjob/shared';
import { afterAll, describe, expect, test } from 'vitest';
import { testSchema } from '../testing/test-schema.ts';
import { reproduce } from './reproduce.ts';
import { askedSandbox } from './sandbox-flags.ts';

/** What every container sees, of the second attempt. */
const OWN_ENV = ['--env', 'CONJOB_JOB_ID=j_X', '--env', 'CONJOB_ATTEMPT=2'];
const DIGEST = `sha256:${'ab'.repeat(32)}`;

const folder = mkdtempSync(join(tmpdir(), 'reproduce-'));
writeFileSync(join(folder, 'stdin'), 'the input');
afterAll(() => rmSync(folder, { recursive: true }));

function record(input: JobSpecInput, imageDigest: string | null = null): JobRecord {
  const { stdin, ...rest } = testSchema.parse(input);
  const spec: JobSpec = { ...rest, stdinBytes: stdin === undefined ? null : stdin.length };
  const secretVersion = null;
  return {
    id: 'j_X',
    spec,
    imageDigest,
    secretVersion,
    attempts: [{}, {}],
  } as unknown as JobRecord;
}

/** What `docker` gets when a shell runs the text. */
function wordsOf(text: string): string[] {
  const script = `docker() { printf '%s\\0' "$@"; }\n${text}`;
  const output = execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

describe('reproduce', () => {
  test('names the image by the digest that was run', () => {
    expect(wordsOf(reproduce(record({ image: 'alpine:3' }, DIGEST)))).toEqual([
      ...['run', '--rm', '--pull', 'always', ...OWN_ENV, '--stop-timeout', '10'],
      `docker.io/library/alpine@${DIGEST}`,
    ]);
  });

  test('names the file of a secret, and not what is in it', () => {
    const text = reproduce({ ...record({ image: 'alpine:3' }), secretVersion: 'version-1' });
    expect(text).toMatch(/^# Its image had a secret.*: put it into a file named secret\.$/m);
    expect(text).not.toContain('version-1');
    expect(wordsOf(text).slice(0, 4)).toEqual([
      ...['run', '--rm', '--volume'],
      expect.stringMatching(/^\/.*\/secret:\/run\/build\/secrets\/secrets:ro$/),
    ]);
  });

  test('says so when the digest is not known', () => {
    const text = reproduce(record({ image: 'alpine:3' }));
    expect(text).toMatch(/^# The digest of its image is not known/m);
    expect(wordsOf(text).at(-1)).toBe('alpine:3');
  });

  test('repeats everything that a spec can ask for', () => {
    const spec: JobSpecInput = {
      image: 'ghcr.io/acme/tool:1',
      entrypoint: ['sh', '-c'],
      args: ['echo "$A"', '--flag'],
      stdin: 'hello',
      env: { A: "it's", B: '' },
      workdir: '/some where',
      user: '1000:1000',
      pull: 'absent',
      platform: 'linux/arm64',
      killTimeoutSeconds: 3,
      resources: { memoryBytes: 6_291_456, cpus: 0.5, pids: 10 },
      network: 'none',
    };
    expect(wordsOf(reproduce(record(spec, DIGEST)))).toEqual([
      ...['run', '--rm', '--pull', 'missing', '-i', '--platform', 'linux/arm64'],
      ...['--entrypoint', 'sh', '--env', "A=it's", '--env', 'B=', ...OWN_ENV],
      ...['--workdir', '/some where', '--user', '1000:1000', '--network', 'none'],
      ...['--memory', '6291456'],
      ...['--memory-swap', '6291456', '--cpus', '0.5', '--pids-limit', '10'],
      ...['--stop-timeout', '3', `ghcr.io/acme/tool@${DIGEST}`, '-c', 'echo "$A"', '--flag'],
    ]);
  });

  test('says what the line can not: data of a Docker cache', () => {
    const comments = (useDockerCache?: boolean) => {
      const text = reproduce(record({ image: 'alpine', useDockerCache }));
      expect(wordsOf(text).join(' ')).not.toContain('/var/lib/docker');
      return text.split('\n').filter((line) => line.startsWith('#'));
    };
    expect(comments(true)).toContainEqual(expect.stringContaining('/var/lib/docker'));
    expect(comments(true).length).toBe(comments(false).length + 1);
    expect(comments()).toEqual(comments(false));
  });

  test.each([
    ['crun', true],
    ['sysbox-runc', false],
    ['runc', false],
  ])(
    'says of a runtime that another engine may lack that it can be left out: %s',
    (runtime, isSaid) => {
      const job = record({ image: 'alpine' });
      const text = reproduce({ ...job, sandbox: { ...askedSandbox(job.spec), runtime } });
      const comment =
        '# It ran with the runtime crun. Where the engine has none, leave --runtime out: the result is the same.';
      expect(text.split('\n').includes(comment)).toBe(isSaid);
      const words = wordsOf(text);
      const given = words.includes('--runtime') ? words[words.indexOf('--runtime') + 1] : 'runc';
      expect(given).toBe(runtime);
    },
  );

  test('lets another machine get an image that was not to be pulled, if it has a digest', () => {
    const pull = (digest: string | null) =>
      wordsOf(reproduce(record({ image: 'alpine', pull: 'never' }, digest)))[3];
    expect(pull(DIGEST)).toBe('missing');
    expect(pull(null)).toBe('never');
  });

  test('gives cpus with as many decimals as Docker takes', () => {
    const cpus = (given: number) => {
      const words = wordsOf(reproduce(record({ image: 'alpine', resources: { cpus: given } })));
      return words[words.indexOf('--cpus') + 1];
    };
    expect(cpus(1 / 3)).toBe('0.333333333');
    expect(cpus(0.1 + 0.2)).toBe('0.3');
    expect(cpus(1024)).toBe('1024');
    expect(cpus(1000 / 3)).toBe('333.333333333');
  });

  test('takes standard input from a file', () => {
    const text = reproduce(record({ image: 'alpine', stdin: 'hello' }));
    expect(text).toMatch(/ < stdin$/m);
    expect(text).toContain('5 bytes');
  });

  test('takes the entrypoint away where it was emptied', () => {
    const words = wordsOf(reproduce(record({ image: 'alpine', entrypoint: [], args: ['sh'] })));
    expect(words[words.indexOf('--entrypoint') + 1]).toBe('');
  });

  test('quotes whatever an argument holds, so that the shell gives it back unchanged', () => {
    const nasty = [
      '',
      ' ',
      "'",
      "''",
      '"$(touch pwned)"',
      '`id`',
      '\\',
      '\\n',
      'a\nb',
      '\n',
      '\t',
      '*',
      '~',
      '!!',
      '-e',
      '#x',
      'é€😀',
      '; rm -rf /',
      '\u0001\u007f',
      'A=B',
    ];
    const random = Array.from({ length: 200 }, (_, seed) => randomText(seed));
    const args = [...nasty, ...random];
    const words = wordsOf(reproduce(record({ image: 'alpine', args })));
    expect(words.slice(-args.length)).toEqual(args);
  });
});

/** Repeatable text of characters that shells care about. */
function randomText(seed: number): string {
  const alphabet = [...'ab \'"\\$`!*?[]{}()<>|&;#~=%\n\t-€'];
  let state = seed + 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
  return Array.from({ length: next() % 24 }, () => alphabet[next() % alphabet.length]).join('');
}
