import { describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const NEW = /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/;
const ask = (headers: Record<string, string | string[]>, path = '/livez') =>
  api.call(path, { headers });

describe('traceparent', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, '01'],
    [`00-${TRACE}-${SPAN}-00`, '00'],
    [`00-${TRACE}-${SPAN}-03`, '01'],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, '01'],
  ])('%s goes on with a span of its own', async (traceparent, flags) => {
    const { headers } = await ask({ traceparent });
    expect(headers['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-${flags}$`));
    expect(headers['traceparent']).not.toContain(SPAN);
    expect(headers['x-b3-traceid']).toBe(TRACE);
  });

  test.each([
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-0x`,
  ])('%s is none: there is a new one', async (traceparent) => {
    const { headers } = await ask({ traceparent });
    expect(headers['traceparent']).toMatch(NEW);
    expect(headers['traceparent']).not.toContain(TRACE);
  });

  test('sent twice is none', async () => {
    const { headers } = await ask({
      traceparent: [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    });
    expect(headers['traceparent']).toMatch(NEW);
  });

  test('of who sends X-B3-TraceId alone has its trace', async () => {
    const { headers } = await ask({ 'X-B3-TraceId': '463AC35C9F6413AD' });
    expect(headers['traceparent']).toMatch(/^00-0{16}463ac35c9f6413ad-/);
    expect(headers['x-b3-traceid']).toBe('463AC35C9F6413AD');
  });
});

describe('a job', () => {
  test.each(['/job/run?image=echo', '/jobs?image=echo'])(
    'of %s keeps the trace of its caller',
    async (path) => {
      const headers = { traceparent: `00-${TRACE}-${SPAN}-01` };
      const answer = await api.call(path, { method: 'POST', headers });
      const { traceparent } = answer.headers;
      const { json } = await api.call(`/jobs/${answer.headers['conjob-job-id']}?wait=60`);
      expect(json.traceparent).toBe(traceparent);
      const line = await api.call(`/jobs/${json.id}/reproduce`);
      expect(line.text).toContain(`--env TRACEPARENT=${traceparent}`);
    },
  );

  test('of who has none has none', async () => {
    const { headers } = await api.call('/job/run?image=echo');
    const { json } = await api.call(`/jobs/${headers['conjob-job-id']}`);
    expect(json.traceparent).toBeNull();
    expect((await api.call(`/jobs/${json.id}/reproduce`)).text).not.toContain('TRACEPARENT');
  });

  test('is the same for its Idempotency-Key in whatever trace it is asked for', async () => {
    const again = (span: string) =>
      ask(
        { traceparent: `00-${TRACE}-${span}-01`, 'Idempotency-Key': 'traced' },
        '/job/run?image=echo',
      );
    const [first, second] = [await again(SPAN), await again('1'.repeat(16))];
    expect(second.headers['conjob-job-id']).toBe(first.headers['conjob-job-id']);
  });
});
