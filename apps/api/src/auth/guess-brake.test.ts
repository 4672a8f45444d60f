import { beforeEach, describe, expect, test } from 'vitest';
import { GuessBrake } from './guess-brake.ts';

const THEIRS = '192.0.2.1';
let ms: number;
let held: number;
let brake: GuessBrake;

beforeEach(() => {
  ms = 0;
  held = 0;
  const hold = async () => {
    held += 1;
  };
  brake = new GuessBrake({ perMinute: 3, now: () => ms, hold });
});

/** `wrong`, `right`, or after how many seconds to come back. */
async function judge(isRight: boolean, address = THEIRS): Promise<string> {
  try {
    return (await brake.judge(address, () => isRight)) ? 'right' : 'wrong';
  } catch (error) {
    expect(error).toMatchObject({ code: 'auth.too_many_failures' });
    return (error as { headers: Record<string, string> }).headers['Retry-After'] ?? '';
  }
}
const times = async (count: number, isRight: boolean, address?: string) => {
  const answers: string[] = [];
  for (let n = 0; n < count; n += 1) answers.push(await judge(isRight, address));
  return answers;
};

describe('an address that sends wrong passwords', () => {
  test('is heard so often, and then told when to come back, right or wrong', async () => {
    expect(await times(4, false)).toEqual(['wrong', 'wrong', 'wrong', '20']);
    expect(await judge(true)).toBe('20');
    ms += 19_000;
    expect(await judge(true)).toBe('1');
    ms += 1_000;
    expect(await judge(false)).toBe('wrong');
    expect(await judge(false)).toBe('20');
  });

  test('gets no more than its share by waiting', async () => {
    await times(3, false);
    ms += 3_600_000;
    expect(await times(4, false)).toEqual(['wrong', 'wrong', 'wrong', '20']);
  });

  test('learns nothing by asking on: whether it is right is not looked at', async () => {
    await times(3, false);
    let isLookedAt = false;
    const look = () => {
      isLookedAt = true;
      return true;
    };
    await expect(brake.judge(THEIRS, look)).rejects.toMatchObject({ status: 429 });
    expect(isLookedAt).toBe(false);
  });

  test('locks out no other address', async () => {
    await times(10, false);
    expect(await judge(true, '192.0.2.2')).toBe('right');
    expect(await judge(false, '192.0.2.2')).toBe('wrong');
  });

  test('is one address with all of its network, for IPv6', async () => {
    await times(3, false, '2001:db8::1');
    expect(await judge(false, '2001:db8::2')).toBe('20');
    expect(await judge(false, '2001:db8:0:1::2')).toBe('wrong');
  });
});

describe('an address from which the right password has come', () => {
  test('is let in whatever else comes from there; what is wrong is answered late', async () => {
    expect(await judge(true)).toBe('right');
    await times(3, false);
    expect(held).toBe(0);
    expect(await times(5, false)).toEqual(Array(5).fill('20'));
    expect(held).toBe(5);
    expect(await times(5, true)).toEqual(Array(5).fill('right'));
    expect(held).toBe(5);
  });

  test('is one of many after a day', async () => {
    await judge(true);
    ms += 25 * 3_600_000;
    await times(3, false);
    expect(await judge(true)).toBe('20');
  });
});

test('what is remembered is bounded, and strangers do not push out who was let in', async () => {
  await judge(true, '198.51.100.1');
  for (let n = 0; n < 10_100; n += 1)
    await judge(false, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  expect(brake.size).toBe(10_000);
  await times(10, false, '198.51.100.1');
  expect(await judge(true, '198.51.100.1')).toBe('right');
});
