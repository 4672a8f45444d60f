import { JOB_ERRORS } from '@conjob/shared';
import { expect, test } from 'vitest';
import { REQUEST_ERRORS } from '../http/request-error-catalogue.ts';
import { LOGINS } from '../testing/logins.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage, LOGINS);

test.each([
  ['API', () => api.call],
  ['admin port', () => api.callAdmin],
] as const)('the type of a problem of the %s leads to its line, for everybody', async (_, port) => {
  const call = port();
  const { json: problem } = await call('/nowhere');
  expect(problem).toMatchObject({ code: 'auth.required', type: '/docs/errors#auth.required' });
  const [path = '', line] = problem.type.split('#');
  const { headers, text, status } = await call(path);
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain(`<tr id="${line}"><td><code>auth.required</code></td><td>401</td>`);
});

test('there is a line for each code, with what the caller can do', async () => {
  const { text } = await api.call('/docs/errors');
  const lines = [...text.matchAll(/<tr id="([^"]+)">/g)].map(([, code]) => code);
  expect(lines).toEqual([...Object.keys(REQUEST_ERRORS), ...Object.keys(JOB_ERRORS)]);
  expect(text).toContain('<td>Use one that <code>Allow</code> names.</td>');
});

test.each([
  ['image.not_found', '<code>NOT_FOUND</code> (404)'],
  ['run.command_not_found', '<code>FAILURE</code> (400), exit code 127'],
  ['queue.timed_out', '<code>TIMED_OUT</code> (408)'],
  ['worker.lost', '<code>UNKNOWN</code> (500)'],
  ['run.out_of_memory', 'by the exit code'],
  ['output.incomplete', 'by the exit code'],
])('the line of %s says how the job ends', async (code, end) => {
  const { text } = await api.call('/docs/errors');
  expect(text).toContain(`<td><code>${code}</code></td><td>${end}</td>`);
});

test('the page loads nothing, and is in no frame', async () => {
  const { headers, text } = await api.call('/docs/errors');
  expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(text).not.toMatch(/src=|href=|<script|<style|https?:/);
});
