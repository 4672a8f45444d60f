import { startTestNginx, type TestNginx } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../testing/http-client.ts';
import { openRaw } from '../testing/raw-client.ts';
import { byImage } from '../testing/scripts.ts';
import { AMBIGUOUS, SMUGGLED_PATH } from '../testing/smuggling-corpus.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage, { REQUEST_TIMEOUT_SECONDS: '1', HEADERS_TIMEOUT_SECONDS: '1' });
const CLIENTS = 16;
let nginx: TestNginx;
beforeAll(async () => {
  nginx = await startTestNginx(api.api.port);
});
afterAll(() => nginx?.stop());

/** Paths that the API has served. */
const served = () => api.logs.flatMap(({ path }) => (typeof path === 'string' ? [path] : []));

/** What has been served more often than nginx has passed it on: parts of requests that were taken for whole ones. */
function madeUp(passed: readonly string[], from: number): string[] {
  const rest = [...passed];
  return served()
    .slice(from)
    .filter((path) => {
      const place = rest.indexOf(path);
      if (place !== -1) rest.splice(place, 1);
      return place === -1;
    });
}

/** Says which case it is of, without another length. */
const marked = (text: string, number: number) =>
  text.replaceAll(SMUGGLED_PATH, SMUGGLED_PATH.replace(/..$/, String(number).padStart(2, '0')));

describe.each([
  ['as a whole', () => nginx.port, 0],
  ['while they come', () => nginx.unbufferedPort, 1],
])('behind an nginx that passes bodies on %s', (_how, port) => {
  test('the API serves no request that nginx has not taken for one, and nobody gets the answer of another', async () => {
    const fromApi = served().length;
    const fromNginx = nginx.passedOn().length;
    const rest = AMBIGUOUS.entries();
    const wrong: string[] = [];
    const client = async () => {
      for (const [number, { name, bytes }] of rest) {
        const attacker = openRaw(port());
        attacker.send(marked(bytes, number));
        await attacker.closed;
        // Whoever comes next, on a connection that it was on, gets his own answer.
        const victim = `/jobs/victim-${number}`;
        const { status, json } = await call(`http://127.0.0.1:${port()}${victim}`);
        if (status !== 404 || json.instance !== victim) wrong.push(name);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    expect(wrong).toEqual([]);
    // Its log may be a moment behind its answers.
    const passed = () => nginx.passedOn().slice(fromNginx);
    await expect.poll(() => madeUp(passed(), fromApi)).toEqual([]);
    expect(passed()).toContain('/jobs/victim-0');
  });

  // The control: what nginx takes for two requests is seen as two.
  test('two requests, one behind the other, are seen', async () => {
    const fromApi = served().length;
    const twice = openRaw(port());
    twice.send(`${'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)}`);
    await twice.closed;
    expect(twice.statuses).toEqual([200, 200]);
    expect(served().slice(fromApi)).toEqual(['/livez', '/livez']);
  });
});
