import { expectNoCanary } from '@conjob/testkit';
import { afterAll } from 'vitest';
import { launched } from './start-process.ts';

/**
 * A vitest setup file: a test file fails when a canary of `testkit` was in an answer to `fetch`, in what a process
 * of the product wrote, or in its environment or command line. Of answers those are looked at that are JSON, or short:
 * what streams is not to be held up.
 */
const SHORT_BYTES = 1024 * 1024;

const answers: Promise<void>[] = [];
const plainFetch = globalThis.fetch;

globalThis.fetch = async (...request) => {
  const response = await plainFetch(...request);
  const length = response.headers.get('content-length');
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const isShort = length !== null && Number(length) <= SHORT_BYTES;
  if (response.body !== null && (isJson || isShort)) {
    const looked = look(response.clone());
    looked.catch(() => {}); // told at the end
    answers.push(looked);
  }
  return response;
};

async function look(response: Response): Promise<void> {
  const text = await response.text().catch(() => ''); // broken off by the test
  expectNoCanary(text, `the answer of ${response.url}`);
}

afterAll(async () => {
  await Promise.all(answers);
  for (const { name, output, surroundings } of launched) {
    expectNoCanary(output(), `what ${name} wrote`);
    expectNoCanary(surroundings(), `the environment or command line of ${name}`);
  }
});
