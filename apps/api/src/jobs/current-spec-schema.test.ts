import type { JobLimits, LimitValues, SpecLimits } from '@conjob/shared';
import { beforeEach, expect, test, vi } from 'vitest';
import { RequestError } from '../http/request-errors.ts';
import { CurrentSpecSchema } from './current-spec-schema.ts';
import { OutdatedLimitsError } from './outdated-limits-error.ts';

/** As the ledger has them. */
let limits: LimitValues;
const current = vi.fn(async () => limits);
let specs: CurrentSpecSchema;
beforeEach(() => {
  current.mockClear();
  limits = { maxTimeoutSeconds: 60, maxKillTimeoutSeconds: 10 } as LimitValues;
  specs = new CurrentSpecSchema({ current }, limits as unknown as JobLimits);
});

/** Submits a job that asks for so long, and gives what it got; the ledger compares. */
const submit = (timeoutSeconds?: number) =>
  specs.submit(
    (schema) => {
      const parsed = schema.safeParse({ image: 'alpine', timeoutSeconds });
      if (!parsed.success) throw new RequestError('request.invalid', 'wrong');
      return parsed.data.timeoutSeconds;
    },
    async (job, checkedBy: SpecLimits | undefined) => {
      const isOutdated = checkedBy && checkedBy.maxTimeoutSeconds !== limits.maxTimeoutSeconds;
      if (isOutdated) throw new OutdatedLimitsError();
      return job;
    },
  );

test('asks for the limits once, as long as they do not change', async () => {
  expect([await submit(), await submit(50), await submit(60)]).toEqual([60, 50, 60]);
  expect(current).toHaveBeenCalledOnce();
});

test('what an operator sets holds for the next job, lower, higher and by default', async () => {
  await submit();
  limits = { ...limits, maxTimeoutSeconds: 20 };
  await expect(submit(50)).rejects.toThrow('wrong');
  limits = { ...limits, maxTimeoutSeconds: 100 };
  expect(await submit(90)).toBe(90);
  limits = { ...limits, maxTimeoutSeconds: 30 };
  expect(await submit()).toBe(30);
});

test('what is wrong by the limits as they were may be right, and what is wrong by any is not', async () => {
  await submit();
  limits = { ...limits, maxTimeoutSeconds: 100 };
  expect(await submit(100)).toBe(100);
  await expect(submit(-1)).rejects.toThrow('wrong');
});

test('other failures are those of whoever fails', async () => {
  await submit();
  const fail = () => Promise.reject(new Error('no Redis'));
  await expect(specs.submit(() => 'job', fail)).rejects.toThrow('no Redis');
});
