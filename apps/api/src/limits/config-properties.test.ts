import { LIMIT_NAMES, LIMITS } from '@conjob/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';
import { configKey } from './config-keys.ts';

const api = useTestApi(byImage);

/** What may be set, with its ends. */
const changes = fc.record(
  Object.fromEntries(
    LIMIT_NAMES.map((name) => [
      configKey(name),
      fc.integer({ min: LIMITS[name].least, max: LIMITS[name].most }).map(String),
    ]),
  ),
  { requiredKeys: [] },
);
/** What may not, whatever the key is. */
const noLimit = fc.oneof(
  fc.integer({ max: -1 }).map(String),
  fc.integer({ min: 1_000_001 }).map(String),
  fc.double({ noInteger: true, noDefaultInfinity: false }).map(String),
  fc.constantFrom('', ' 1', '1 ', '0x1', '1e3', '١', '1,000', 'true', '--1', '1\0'),
  fc.string({ minLength: 1 }).filter((text) => !/^-?\d+$/.test(text)),
);

async function post(fields: Record<string, string | undefined> | string, asForm = true) {
  const text =
    typeof fields === 'string'
      ? fields
      : String(new URLSearchParams(fields as Record<string, string>));
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return asForm
    ? api.callAdmin('/tasks/config', { method: 'POST', headers, body: text })
    : api.callAdmin(`/tasks/config?${text}`, { method: 'POST', headers });
}
const current = async () => (await post({})).text;

test('what is answered, sent back as it is, restores all that was before', async () => {
  await fc.assert(
    fc.asyncProperty(changes, changes, fc.boolean(), async (first, second, asForm) => {
      await post(first);
      const before = await current();
      const answer = await post(second, asForm);
      expect(answer).toMatchObject({ status: 200, text: before });
      const after = Object.fromEntries(new URLSearchParams(await current()));
      expect(after).toEqual({ ...Object.fromEntries(new URLSearchParams(before)), ...second });
      expect((await post(answer.text, asForm)).status).toBe(200);
      expect(await current()).toBe(before);
    }),
    { numRuns: 40 },
  );
});

test('no number that is none of a limit is taken, nor anything that is sent with it', async () => {
  const key = fc.constantFrom(...LIMIT_NAMES.map(configKey));
  await fc.assert(
    fc.asyncProperty(changes, key, noLimit, async (others, name, value) => {
      const before = await current();
      const answer = await post({ ...others, [name]: value });
      expect(answer.json).toMatchObject({ status: 400, errors: [{ path: name }] });
      expect(await current()).toBe(before);
    }),
    { numRuns: 60 },
  );
});
