import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TicketsAhead } from './tickets-ahead.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Only what it looks at of a connection: which one it is. */
function given() {
  const redis = { stream: new Duplex() as never };
  return { redis, tickets: new TicketsAhead(redis) };
}

test('a ticket waits for the first answer of the ledger on each connection', () => {
  const { redis, tickets } = given();
  expect(tickets.areAllowed).toBe(false);
  tickets.accepted();
  expect(tickets.areAllowed).toBe(true);
  redis.stream = new Duplex() as never;
  expect(tickets.areAllowed).toBe(false);
  tickets.accepted();
  expect(tickets.areAllowed).toBe(true);
});

test('for a second after a refusal tickets wait for the answer', () => {
  const { tickets } = given();
  tickets.accepted();
  tickets.refused();
  expect(tickets.areAllowed).toBe(false);
  vi.advanceTimersByTime(999);
  tickets.accepted();
  expect(tickets.areAllowed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(tickets.areAllowed).toBe(true);
});
