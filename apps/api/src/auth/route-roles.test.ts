import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Call } from '../testing/http-client.ts';
import { basic, bearer, CALLER, LOGINS, makeToken, OPERATOR } from '../testing/logins.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { ROLES } from './role.ts';
import { ADMIN_ROUTES, API_ROUTES, type Route } from './routes.ts';

let api: TestApi;
/** What each kind of caller sends along. */
const callers: Record<string, Call> = {
  none: {},
  wrong: basic('caller:hush-operator'),
  'wrong token': bearer(`conjob_${'x'.repeat(43)}`),
};
beforeAll(async () => {
  api = await startTestApi(LOGINS);
  for (const role of ROLES)
    callers[role] = bearer(await makeToken(api, `name=${role}&role=${role}`));
  callers['revoked'] = bearer(await makeToken(api, 'name=revoked&role=admin'));
  await api.callAdmin('/tokens/revoked', { method: 'DELETE', ...OPERATOR });
});
afterAll(() => api?.close());

const STRANGERS = ['none', 'wrong', 'wrong token', 'revoked'];
const MAY: Record<Route['access'], readonly string[]> = {
  public: [...STRANGERS, 'read', 'submit', 'admin'],
  read: ['read', 'submit', 'admin'],
  submit: ['submit', 'admin'],
  admin: ['admin'],
};

type Line = [method: string, path: string, access: Route['access']];
const linesOf = (routes: readonly Route[]): Line[] =>
  routes.flatMap(({ methods, path, access }) =>
    methods.map((method): Line => [method, path, access]),
  );

/** Whether the request came to its route; there it may well fail, as nothing that it names is there. */
function isLetIn({ status }: Answer): boolean {
  return status !== 401 && status !== 403;
}

describe.each([
  ['API', API_ROUTES, CALLER, OPERATOR],
  ['admin port', ADMIN_ROUTES, OPERATOR, CALLER],
])('on the %s', (port, routes, login, otherLogin) => {
  const ask = (path: string, call: Call) =>
    port === 'API' ? api.call(path, call) : api.callAdmin(path, call);

  test.each(linesOf(routes))('%s %s is for: %s', async (method, pattern, access) => {
    const path = pattern.replace(/:\w+/g, 'none');
    const statuses: Record<string, number> = {};
    for (const [caller, call] of Object.entries(callers)) {
      statuses[caller] = (await ask(path, { method, ...call })).status;
    }
    const expected = Object.keys(callers).map((caller) => {
      if (MAY[access].includes(caller)) return [caller, expect.not.toBeOneOf([401, 403])];
      return [caller, STRANGERS.includes(caller) ? 401 : 403];
    });
    expect(statuses).toEqual(Object.fromEntries(expected));

    expect(isLetIn(await ask(path, { method, ...login }))).toBe(true);
    expect(isLetIn(await ask(path, { method, ...otherLogin }))).toBe(access === 'public');
  });

  test.each(['/nowhere', '/', '/JOBS/../jobs', '/.env', '/%zz', '/jobs/%zz', '/workers/%zz/drain'])(
    '%s is 401 to strangers',
    async (path) => {
      expect((await ask(path, {})).status).toBe(401);
    },
  );

  test.each(linesOf(routes))(
    '%s %s is guarded however it is spelt',
    async (method, pattern, access) => {
      const path = pattern.replace(/:\w+/g, 'none');
      const encoded = path.replace(/[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`);
      for (const spelling of [
        path.toUpperCase(),
        `${path}/`,
        `/${path}`,
        encoded,
        `${path}?x=/livez`,
      ]) {
        const answer = await ask(spelling, { method });
        if (access !== 'public')
          expect({ spelling, status: answer.status }).toEqual({ spelling, status: 401 });
      }
    },
  );
});
