import { afterAll, afterEach } from 'vitest';
import { type HeardAnswer, hearAnswers } from './heard-answers.ts';

/**
 * A vitest setup file: a test fails when ConJob has answered it with something that its OpenAPI documents do not describe: a
 * status, a header, a media type, or JSON that does not fit. It hears `fetch` and `node:http` in the process of the test, and knows
 * answers of ConJob by the trace id that each of them has.
 */
const heard: HeardAnswer[] = [];

hearAnswers((answer) => {
  if (answer.headers['x-b3-traceid'] !== undefined) heard.push(answer);
});

/** What is wrong with the answers since it was asked last. */
export async function undescribedAnswers(): Promise<string[]> {
  const answers = heard.splice(0);
  if (answers.length === 0) return [];
  // Only where there is something to look at: the documents take a while to load.
  const { undescribed } = await import('./openapi-documents.ts');
  return [...new Set(answers.flatMap(undescribed))];
}

async function expectDescribed(): Promise<void> {
  const faults = await undescribedAnswers();
  if (faults.length > 0) throw new Error(`Not as the OpenAPI document says:\n${faults.join('\n')}`);
}

afterEach(expectDescribed);
afterAll(expectDescribed);
