import type { JobLimits, LimitValues } from '@conjob/shared';
import { beforeEach, expect, test, vi } from 'vitest';
import { RequestError } from '../http/request-errors.ts';
import { CurrentSpecSchema } from './current-spec-schema.ts';

/** As the ledger has them. */
let limits: LimitValues;
const current = vi.fn(async () => limits);
let specs: CurrentSpecSchema;
beforeEach(() => {
  current.mockClear();
  limits = { maxTimeoutSeconds: 60, maxKillTimeoutSeconds: 10 } as LimitValues;
  specs = new CurrentSpecSchema({ current }, limits as unknown as JobLimits);
});

/** What the ledger lets in of a job that asks for so long: it compares, and has it read again where limits are others by now. */
async function submit(timeoutSeconds?: number): Promise<number> {
  const first = await specs.read((schema) => {
    const parsed = schema.safeParse({ image: 'alpine', timeoutSeconds });
    if (!parsed.success) throw new RequestError('request.invalid', 'wrong');
    return parsed.data.timeoutSeconds;
  });
  const isOutdated =
    first.checkedBy !== undefined && first.checkedBy.maxTimeoutSeconds !== limits.maxTimeoutSeconds;
  return (isOutdated ? await first.again() : first).job;
}

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

test('what was read by the limits as they are is not to be compared', async () => {
  const read = () => specs.read(() => 'job');
  expect(await read()).toMatchObject({ job: 'job', checkedBy: undefined });
  const later = await read();
  expect(later).toMatchObject({
    checkedBy: { maxTimeoutSeconds: 60, maxKillTimeoutSeconds: 10 },
  });
  expect(await later.again()).toMatchObject({ job: 'job', checkedBy: undefined });
});

test('other failures are those of whoever fails', async () => {
  await submit();
  const fail = () => {
    throw new Error('broken');
  };
  await expect(specs.read(fail)).rejects.toThrow('broken');
});
