import { beforeAll, describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';

const api = useTestApi(byImage);

async function run(spec: object): Promise<string> {
  const headers = { 'Content-Type': 'application/json', Prefer: 'wait=60' };
  const answer = await api.call('/jobs', { body: JSON.stringify(spec), headers });
  expect(answer.status).toBe(200);
  return answer.json.id;
}

async function idsOf(path: string): Promise<string[]> {
  const answer = await api.call(path);
  expect(answer.status).toBe(200);
  return answer.json.jobs.map(({ id }: { id: string }) => id);
}

async function nextOf(path: string): Promise<string | undefined> {
  const { headers } = await api.call(path);
  return /^<(.+)>; rel="next"$/.exec(headers['link'] as string)?.[1];
}

describe('GET /jobs', () => {
  const ids: string[] = [];
  beforeAll(async () => {
    ids.push(await run({ image: 'echo', args: ['1'], labels: { team: 'a', tier: 'x:y' } }));
    ids.push(await run({ image: 'fail', labels: { team: 'b' } }));
    ids.push(await run({ image: 'silent', labels: { team: 'a' } }));
    ids.push(await run({ image: 'echo', args: ['4'] }));
    ids.reverse();
  });
  const pick = (...places: number[]) => places.map((place) => ids[place]);

  test('lists the newest first, without output', async () => {
    expect(await idsOf('/jobs')).toEqual(ids);
    const { json, headers } = await api.call('/jobs');
    expect(json.jobs[0]).toMatchObject({ id: ids[0], outputBytes: 1 });
    expect(json.jobs[0]).not.toHaveProperty('output');
    expect(headers).not.toHaveProperty('link');
  });

  test.each<[string, number[]]>([
    ['state=finished', [0, 1, 2, 3]],
    ['state=RUNNING', []],
    ['conclusion=FAILURE', [2]],
    ['conclusion=success', [0, 1, 3]],
    ['image=echo', [0, 3]],
    ['image=docker.io/library/echo', [0, 3]],
    ['image=echo:latest', [0, 3]],
    ['image=echo:1', []],
    ['label=team:a', [1, 3]],
    ['label=team:a&label=tier:x:y', [3]],
    ['label=team:', []],
    ['image=echo&label=team:a&conclusion=SUCCESS', [3]],
  ])('filters by %s', async (search, places) => {
    expect(await idsOf(`/jobs?${search}`)).toEqual(pick(...places));
  });

  test('pages by Link, and new jobs do not shift the pages', async () => {
    const first = '/jobs?image=echo&limit=1';
    expect(await idsOf(first)).toEqual(pick(0));
    const second = await nextOf(first);
    await run({ image: 'echo', args: ['later'] });
    expect(await idsOf(second ?? '')).toEqual(pick(3));
    expect(await nextOf(second ?? '')).toBeUndefined();
  });

  test.each([
    ['state=gone', 'state'],
    ['conclusion=fine', 'conclusion'],
    ['image=UPPER', 'image'],
    ['label=nocolon', 'label'],
    ['label=:x', 'label'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=x', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['limit=1&limit=2', 'limit'],
  ])('refuses %s', async (search, path) => {
    const answer = await api.call(`/jobs?${search}`);
    expect(answer.json).toMatchObject({ status: 400, code: 'request.invalid', errors: [{ path }] });
    expect(answer.json).not.toHaveProperty('hint');
  });

  test.each([
    ['image=x&pull=never', true],
    ['arg=hi', true],
    ['onDisconnect=cancel', true],
    ['image=x&group=a&puII=never', false],
  ])('tells who meant to make a job by %s how to: %s', async (search, isTold) => {
    const { json } = await api.call(`/jobs?${search}`);
    expect(json).toMatchObject({ status: 400, code: 'request.unknown_parameter' });
    const hint = 'To make a job: POST /jobs (curl -X POST).';
    expect(json.hint).toBe(isTold ? hint : undefined);
  });
});

test('more jobs than are looked at in one step are found page by page', async () => {
  const before = await api.call('/jobs?limit=1');
  await Promise.all(
    Array.from({ length: 130 }, () => run({ image: 'silent', labels: { many: 'yes' } })),
  );
  const found: string[] = [];
  let path: string | undefined = '/jobs?label=many:yes&limit=40';
  while (path !== undefined) {
    found.push(...(await idsOf(path)));
    path = await nextOf(path);
  }
  expect(found).toHaveLength(130);
  expect(new Set(found).size).toBe(130);
  expect(found).toEqual([...found].sort().reverse());
  expect(found).not.toContain(before.json.jobs[0].id);
});
