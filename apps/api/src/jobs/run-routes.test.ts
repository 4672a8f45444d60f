import { describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage, { MAX_INPUT_BYTES: '1000000' });
const JSON_PLEASE = { Accept: 'application/json' };

describe('/job/run', () => {
  test('gives the body as the one argument, and answers what was printed', async () => {
    const answer = await api.call('/job/run?image=echo', { body: 'foo bar\n' });
    expect(answer).toMatchObject({ status: 200, text: 'foo bar\n' });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'conjob-job-id': expect.stringMatching(/^j_/),
      'conjob-conclusion': 'SUCCESS',
      'conjob-exit-code': '0',
      'x-b3-traceid': expect.stringMatching(/^[0-9a-f]{32}$/),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('etag');
  });

  test.each([
    ['application/x-www-form-urlencoded', 'a=b&c=%20'],
    ['application/json', '{"not": json'],
    ['multipart/form-data', 'no boundary'],
    ['text/plain; charset=iso-8859-1', 'é'],
    ['nonsense', '\ufeffwith a byte order mark'],
  ])('takes the body as it is when it is called %s', async (type, body) => {
    const answer = await api.call('/job/run?image=echo', {
      body,
      headers: { 'Content-Type': type },
    });
    expect(answer).toMatchObject({ status: 200, text: body });
  });

  test.each<Record<string, string>>([
    { 'If-None-Match': '*' },
    { 'If-None-Match': '"x", W/"y"' },
    { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
  ])('never answers 304 for what has run: %j', async (headers) => {
    for (const accept of ['text/plain', 'application/json']) {
      for (const image of ['echo', 'silent']) {
        const answer = await api.call(`/job/run?image=${image}`, {
          headers: { ...headers, Accept: accept },
        });
        expect(answer.status).toBe(200);
      }
    }
  });

  test('takes an empty body for no argument', async () => {
    const answer = await api.call('/job/run?image=echo', { method: 'POST' });
    expect(answer).toMatchObject({ status: 200, text: '' });
  });

  test('works with GET, and takes arguments from the query', async () => {
    const answer = await api.call('/job/run?image=echo&arg=a&arg=b%20c&arg=');
    expect(answer).toMatchObject({ status: 200, text: 'a b c ' });
  });

  test('gives the body to standard input when told to, byte for byte', async () => {
    const body = Buffer.from([0, 255, 10, 0xc3]);
    const answer = await api.call('/job/run?image=cat&stdin=true&arg=x', { body });
    expect(answer.bytes).toEqual(body);
    expect((await api.call('/job/run?image=cat&stdin=true')).text).toBe('');
    expect((await api.call('/job/run?image=cat')).text).toBe('no input');
  });

  test('answers JSON to those who prefer it', async () => {
    const answer = await api.call('/job/run?image=echo&arg=hi', { headers: JSON_PLEASE });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json).toEqual({
      id: answer.headers['conjob-job-id'],
      conclusion: 'SUCCESS',
      output: 'hi',
      exitCode: 0,
      message: 'Job run successful.',
    });
  });

  test('answers bytes untouched as text, and replaces what is not UTF-8 in JSON', async () => {
    const text = await api.call('/job/run?image=bytes');
    expect(text.bytes).toEqual(Buffer.from([0x61, 0xc3, 0xa9, 0xff, 0x7a]));
    const json = await api.call('/job/run?image=bytes', { headers: JSON_PLEASE });
    expect(json.json.output).toBe('aé\ufffdz');
  });

  test('answers output of many pages whole', async () => {
    const { bytes } = await api.call('/job/run?image=large');
    expect(bytes).toHaveLength(3 * 1024 * 1024);
    expect(bytes.every((byte, at) => byte === Math.floor(at / 16_384) % 256)).toBe(true);
  });

  test.each([
    ['fail', 400, 'FAILURE', 3, undefined, 'out err'],
    ['slow', 408, 'TIMED_OUT', -1, 'run.timed_out', 'partly'],
    ['incomplete', 200, 'SUCCESS', 0, 'output.incomplete', 'partly'],
    ['no-image', 404, 'NOT_FOUND', -1, 'image.not_found', /^Job not found. CODE: .+\n$/],
    ['no-command', 400, 'FAILURE', 127, 'run.command_not_found', /^Job run failed. CODE: .+\n$/],
    ['broken', 500, 'UNKNOWN', -1, 'engine.unavailable', /^Unknown outcome. CODE: .+\n$/],
    ['silent', 200, 'SUCCESS', 0, undefined, ''],
  ])(
    'answers for %s with %i %s, %i, %s',
    async (image, status, conclusion, exitCode, code, text) => {
      const answer = await api.call(`/job/run?image=${image}`);
      expect(answer.status).toBe(status);
      const said = code === undefined ? answer.text : answer.text.replace(code, 'CODE');
      expect(said).toEqual(typeof text === 'string' ? text : expect.stringMatching(text));
      expect(answer.headers).toMatchObject({
        'conjob-conclusion': conclusion,
        'conjob-exit-code': String(exitCode),
      });
      expect(answer.headers['conjob-error']).toBe(code);
      const json = (await api.call(`/job/run?image=${image}`, { headers: JSON_PLEASE })).json;
      expect(json).toMatchObject({ conclusion, exitCode });
      expect(json.error?.code).toBe(code);
    },
  );

  test('says in JSON how the platform failed', async () => {
    const { json } = await api.call('/job/run?image=broken', { headers: JSON_PLEASE });
    expect(json).toMatchObject({ output: '', error: { code: 'engine.unavailable' } });
  });

  test('tells how long each part took', async () => {
    const { headers } = await api.call('/job/run?image=timings');
    expect(headers['server-timing']).toBe('queue;dur=1, pull;dur=2, create;dur=3, run;dur=4');
  });

  test('echoes a sane trace id', async () => {
    const id = '463ac35c9f6413ad48485a3953bb6124';
    const { headers } = await api.call('/job/run', { headers: { 'X-B3-TraceId': id } });
    expect(headers['x-b3-traceid']).toBe(id);
  });

  test('takes any case for pull and booleans', async () => {
    const answer = await api.call('/job/run?image=echo&pull=NEVER&remove=TRUE&network=None');
    expect(answer.status).toBe(200);
  });

  test('runs one job for one Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'run-once' };
    const first = await api.call('/job/run?image=echo&arg=1', { method: 'POST', headers });
    const again = await api.call('/job/run?image=echo&arg=1', { method: 'POST', headers });
    expect(again).toMatchObject({ status: 200, text: '1' });
    expect(again.headers['conjob-job-id']).toBe(first.headers['conjob-job-id']);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(again.headers['idempotency-replayed']).toBe('true');
  });
});

describe('/job/run refuses', () => {
  const argument = 'x'.repeat(128 * 1024);
  test.each<[string, string, number, string, string, (string | Buffer)?]>([
    ['no image', '', 400, 'request.invalid', 'image'],
    ['an empty image', '?image=', 400, 'request.invalid', 'image'],
    ['a malformed image', '?image=UPPER', 400, 'request.invalid', 'image'],
    ['a very long image', `?image=${'a'.repeat(300)}`, 400, 'request.invalid', 'image'],
    ['arg and a body and more', '?image=a&arg=x&pull=x', 400, 'request.invalid', 'pull', 'y'],
    ['an unknown parameter', '?image=a&imgae=b', 400, 'request.unknown_parameter', 'imgae'],
    ['two images', '?image=a&image=b', 400, 'request.invalid', 'image'],
    ['a bad pull', '?image=a&pull=sometimes', 400, 'request.invalid', 'pull'],
    ['a bad boolean', '?image=a&remove_image=1', 400, 'request.invalid', 'remove_image'],
    ['a bad cache', '?image=a&use_docker_cache=', 400, 'request.invalid', 'use_docker_cache'],
    ['a bad network', '?image=a&network=host', 400, 'request.invalid', 'network'],
    ['a timeout of nothing', '?image=a&timeout=', 400, 'request.invalid', 'timeout'],
    ['a timeout of 0', '?image=a&timeout=0', 400, 'request.invalid', 'timeout'],
    ['a negative timeout', '?image=a&timeout=-1', 400, 'request.invalid', 'timeout'],
    ['half a second', '?image=a&timeout=0.5', 400, 'request.invalid', 'timeout'],
    ['a timeout over the maximum', '?image=a&timeout=1801', 400, 'request.invalid', 'timeout'],
    ['a huge timeout', '?image=a&timeout=1e9', 400, 'request.invalid', 'timeout'],
    ['arg and a body', '?image=a&arg=x', 400, 'request.invalid', 'body', 'y'],
    ['NUL in the body', '?image=a', 400, 'request.invalid', 'body', 'a\0b'],
    ['NUL in an arg', '?image=a&arg=%00', 400, 'request.invalid', 'arg'],
    ['a body that is no text', '?image=a', 400, 'argument.not_text', 'stdin=true', Buffer.of(255)],
    ['a body of 128 KiB', '?image=a', 413, 'argument.too_large', 'stdin=true', argument],
    ['a malformed %', '?image=%zz', 400, 'request.malformed', '%'],
    ['an arg that is no text', '?image=a&arg=%ff', 400, 'request.malformed', '%'],
  ])('%s', async (_what, search, status, code, named, body) => {
    const call = { method: 'POST', ...(body !== undefined && { body }) };
    const text = await api.call(`/job/run${search}`, call);
    expect(text.status).toBe(status);
    expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text.headers).not.toHaveProperty('conjob-job-id');
    expect(text.text).toMatch(new RegExp(`^${code}: .*\n$`));
    expect(text.text).toContain(named);

    const json = await api.call(`/job/run${search}`, { ...call, headers: JSON_PLEASE });
    expect(json.status).toBe(status);
    expect(json.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(json.json).toMatchObject({ status, code, type: `/docs/errors#${code}` });
    expect(json.json).toMatchObject({ instance: '/job/run', title: expect.any(String) });
    expect(json.text).toContain(named);
  });

  test('a job spec, and says where it goes', async () => {
    const sent = (search: string, type: string) =>
      api.call(`/job/run${search}`, {
        body: '{"image":"echo"}',
        headers: { 'Content-Type': type, ...JSON_PLEASE },
      });
    const hint = 'A job spec goes to POST /jobs.';
    const { json } = await sent('', 'application/json');
    expect(json).toMatchObject({ status: 400, code: 'request.invalid', hint });
    expect((await sent('', 'text/plain')).json).not.toHaveProperty('hint');
    expect((await sent('?image=UPPER', 'application/json')).json).not.toHaveProperty('hint');
  });

  test('a body over the limit', async () => {
    const body = Buffer.alloc(1_000_001);
    const answer = await api.call('/job/run?image=cat&stdin=true', { body });
    expect(answer.status).toBe(413);
    expect(answer.text).toMatch(/^request\.too_large: .*1000000 bytes/);
    const atLimit = await api.call('/job/run?image=cat&stdin=true', { body: body.subarray(1) });
    expect(atLimit.bytes).toHaveLength(1_000_000);
  });

  test('a body over the limit that does not say its length', async () => {
    const answer = await api.call('/job/run?image=cat&stdin=true', {
      body: Buffer.alloc(1_000_001),
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    expect(answer.status).toBe(413);
  });

  test('a compressed body', async () => {
    const headers = { 'Content-Encoding': 'gzip' };
    const answer = await api.call('/job/run?image=echo', { body: 'x', headers });
    expect(answer.status).toBe(415);
    expect(answer.text).toMatch(/^request\.unsupported_media_type: /);
  });

  test('the largest argument is taken, one byte more is not', async () => {
    const largest = 'x'.repeat(128 * 1024 - 1);
    expect((await api.call('/job/run?image=echo', { body: largest })).text).toBe(largest);
    const euros = '€'.repeat((128 * 1024) / 3 + 1);
    expect((await api.call('/job/run?image=echo', { body: euros })).status).toBe(413);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'HEAD'])('%s', async (method) => {
    const answer = await api.call('/job/run?image=echo', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, POST, OPTIONS');
  });

  test('a URL that is too long', async () => {
    const answer = await api.call(`/job/run?image=echo&arg=${'x'.repeat(20_000)}`);
    expect(answer.status).toBe(431);
    expect(answer.json).toMatchObject({ code: 'request.headers_too_large', status: 431 });
    expect(answer.headers).toHaveProperty('x-b3-traceid');
  });

  test.each(['', 'with space', 'x'.repeat(256), 'tab\tbed', 'é'])(
    'the Idempotency-Key "%s"',
    async (key) => {
      const headers = { 'Idempotency-Key': key };
      const answer = await api.call('/job/run?image=echo', { method: 'POST', headers });
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(/^idempotency\.invalid_key: /);
    },
  );
});

describe('Prefer: respond-async', () => {
  const headers = { Prefer: 'respond-async' };

  test('on /job/run answers 202 at once, and where the job is', async () => {
    const answer = await api.call('/job/run?image=hang', { headers });
    const { id } = answer.json;
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: `/jobs/${id}`, 'preference-applied': 'respond-async' },
    });
    await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
    await api.call(`/jobs/${id}?wait=60`);
  });

  test('with wait=N answers with the output, when it is there in time', async () => {
    const both = { Prefer: 'respond-async, wait=60' };
    const answer = await api.call('/job/run?image=echo&arg=a', { headers: both });
    expect(answer).toMatchObject({ status: 200, text: 'a' });
    expect(answer.headers['preference-applied']).toBe('respond-async, wait=60');
  });

  test('on POST /jobs answers 202, also when the job of the key has finished', async () => {
    const submit = (prefer: string) =>
      api.call('/jobs?image=echo', {
        method: 'POST',
        headers: { Prefer: prefer, 'Idempotency-Key': 'finished' },
      });
    expect((await submit('wait=60')).status).toBe(200);
    const again = await submit('respond-async');
    expect(again.status).toBe(202);
    expect(again.headers['preference-applied']).toBe('respond-async');
  });
});

describe('Prefer: wait=N on /job/run', () => {
  test('answers the result when it comes in time', async () => {
    const answer = await api.call('/job/run?image=echo&arg=a', { headers: { Prefer: 'wait=60' } });
    expect(answer).toMatchObject({ status: 200, text: 'a' });
    expect(answer.headers['preference-applied']).toBe('wait=60');
  });

  test('answers 202 with the job and its place when it does not', async () => {
    const answer = await api.call('/job/run?image=hang', { headers: { Prefer: 'wait=0' } });
    expect(answer.status).toBe(202);
    const id = answer.headers['conjob-job-id'];
    expect(answer.headers.location).toBe(`/jobs/${id}`);
    expect(answer.headers['preference-applied']).toBe('wait=0');
    expect(answer.json).toMatchObject({ id, image: 'hang', output: null });
    await api.call(`/jobs/${id}/cancel`, { method: 'POST' });
    await api.call(`/jobs/${id}?wait=60`);
  });
});
