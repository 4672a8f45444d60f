import { describe, expect, test } from 'vitest';
import { ADMIN_ROUTES, API_ROUTES, type Route } from '../auth/routes.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];

/** What the table says of each path, as one line. */
function pathsOf(routes: readonly Route[]) {
  return [...new Set(routes.map(({ path }) => path))].map((pattern) => {
    const lines = routes.filter(({ path }) => path === pattern);
    return {
      path: pattern.replace(':file', 'page.css').replace(/:\w+/g, 'none'),
      methods: lines.flatMap(({ methods }) => methods),
      types: lines.flatMap(({ types }) => types),
      isPublic: lines.every(({ access }) => access === 'public'),
    };
  });
}

describe.each([
  ['API', API_ROUTES],
  ['admin port', ADMIN_ROUTES],
])('every path of the %s', (port, routes) => {
  const ask = port === 'API' ? api.call : api.callAdmin;
  const paths = pathsOf(routes);

  test.each(paths)('$path tells its methods, and no other is let in', async ({ path, methods }) => {
    const options = await ask(path, { method: 'OPTIONS' });
    expect(options).toMatchObject({ status: 204, text: '' });
    const { allow = '' } = options.headers;
    expect(allow.split(', ').toSorted()).toEqual([...methods, 'OPTIONS'].toSorted());
    for (const method of METHODS.filter((other) => !methods.includes(other))) {
      const answer = await ask(path, { method });
      expect({
        method,
        status: answer.status,
        allow: answer.headers.allow?.split(', ').toSorted(),
      }).toEqual({ method, status: 405, allow: allow.split(', ').toSorted() });
    }
  });

  test.each(paths.filter(({ methods }) => methods.includes('HEAD')))(
    '$path answers HEAD as GET, without the body',
    async ({ path }) => {
      const [get, head] = [await ask(path), await ask(path, { method: 'HEAD' })];
      expect(head).toMatchObject({ status: get.status, text: '' });
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
    },
  );

  test.each(paths.filter(({ isPublic }) => !isPublic))(
    '$path answers 406 to who accepts none of its types, before anything else',
    async ({ path, methods, types }) => {
      for (const method of methods.filter((one) => one !== 'DELETE')) {
        const refused = await ask(path, { method, headers: { Accept: 'image/png, text/html' } });
        expect({ method, status: refused.status }).toEqual({ method, status: 406 });
        if (method === 'HEAD') continue;
        expect(refused.text).toContain('request.not_acceptable');
        for (const type of [...types, '*/*', '', 'text/*, application/*;q=0.1']) {
          const answer = await ask(path, { method, headers: { Accept: type } });
          expect(answer.status).not.toBe(406);
        }
      }
    },
  );

  test.each(paths.filter(({ isPublic }) => isPublic))(
    '$path is answered whatever is accepted',
    async ({ path }) => {
      expect((await ask(path, { headers: { Accept: 'image/png' } })).status).toBe(200);
    },
  );
});

test('what /job/run refuses for its Accept has made no job', async () => {
  const headers = { Accept: 'text/html;q=0.9' };
  const refused = await api.call('/job/run?image=echo', { method: 'POST', headers });
  expect(refused.status).toBe(406);
  expect((await api.call('/jobs')).json.jobs).toEqual([]);
});
