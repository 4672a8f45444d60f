import { jobError } from '@conjob/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { useTestApi } from '../testing/test-api.ts';
import { jobSpec, useQueue } from '../testing/use-queue.ts';
import { findJobs } from './job-list.ts';

/** Something that happens behind a page, before the next one is asked for. */
type Event =
  | { readonly kind: 'insert'; readonly place: number; readonly isWanted: boolean }
  | { readonly kind: 'remove'; readonly which: number };

/** Where a job comes to be among the others: the clocks of two APIs may differ. */
const place = fc.nat({ max: 999_999 });
const insert = fc.record({ kind: fc.constant('insert' as const), place, isWanted: fc.boolean() });
const remove = fc.record({ kind: fc.constant('remove' as const), which: fc.nat() });
const between = fc.array(fc.oneof(insert, remove), { maxLength: 4 });
const walks = fc.record({
  first: fc.array(insert, { maxLength: 130 }),
  between: fc.array(between, { maxLength: 30 }),
  limit: fc.integer({ min: 1, max: 60 }),
});

/** More than there can be: a walk that goes round in a circle ends. */
const MAX_PAGES = 300;

/** What a walk through all pages came to, and what may and must be in it. */
class Walk {
  readonly found: string[] = [];
  readonly there = new Set<string>();
  /** All that was there from the first page on, and still is. */
  readonly throughout = new Set<string>();

  begin(): void {
    for (const id of this.there) this.throughout.add(id);
  }

  gone(id: string): void {
    this.there.delete(id);
    this.throughout.delete(id);
  }

  check(): void {
    expect(this.found).toEqual([...new Set(this.found)].toSorted().toReversed());
    const missed = [...this.throughout].filter((id) => !this.found.includes(id));
    expect(missed).toEqual([]);
  }
}

describe('in the ledger', () => {
  const queue = useQueue();

  test('no page has a job twice or leaves one out that was there all the time, whatever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(walks, async ({ first, between: events, limit }) => {
        await queue.redis.flushall();
        const walk = new Walk();
        const unwanted = new Set<string>();
        const apply = async (event: Event) => {
          if (event.kind === 'insert') {
            const id = `j_${String(event.place).padStart(26, '0')}`;
            if (walk.there.has(id) || unwanted.has(id) || walk.found.includes(id)) return;
            // Before it is there: the next of them may be the same.
            (event.isWanted ? walk.there : unwanted).add(id);
            const labels = event.isWanted ? { wanted: 'yes' } : {};
            await queue.ledger.accept({ id, spec: jobSpec({ labels }) });
            return;
          }
          const all = [...walk.there, ...unwanted];
          const id = all[event.which % Math.max(1, all.length)];
          if (id === undefined) return;
          await queue.ledger.finishQueued(id, jobError('queue.timed_out'));
          expect(await queue.ledger.remove(id)).toBe('removed');
          unwanted.delete(id);
          walk.gone(id);
        };
        await Promise.all(first.map(apply));
        walk.begin();
        const labels = [['wanted', 'yes']] as const;
        let before: string | undefined;
        for (let page = 0; ; page += 1) {
          const { jobs, next } = await findJobs(queue.ledger, { labels, limit, before });
          walk.found.push(...jobs.map(({ id }) => id));
          if (next === undefined) break;
          expect(page).toBeLessThan(MAX_PAGES);
          expect(jobs).toHaveLength(limit);
          for (const event of events[page] ?? []) await apply(event);
          before = next;
        }
        walk.check();
      }),
      { numRuns: 40 },
    );
  });
});

describe('through HTTP', () => {
  const api = useTestApi(byImage);
  const short = fc.record({
    count: fc.integer({ min: 0, max: 9 }),
    events: fc.array(fc.array(fc.option(fc.nat()), { maxLength: 3 }), { maxLength: 9 }),
    limit: fc.integer({ min: 1, max: 4 }),
  });

  test('the pages are the same while others submit and delete', async () => {
    await fc.assert(
      fc.asyncProperty(short, async ({ count, events, limit }) => {
        const walk = new Walk();
        const submit = async () => {
          const headers = { Prefer: 'wait=60' };
          const { json } = await api.call('/jobs?image=silent', { method: 'POST', headers });
          walk.there.add(json.id);
        };
        const others: Promise<void>[] = [];
        await Promise.all(Array.from({ length: count }, submit));
        walk.begin();
        let path: string | undefined = `/jobs?image=silent&limit=${limit}`;
        for (let page = 0; path !== undefined; page += 1) {
          expect(page).toBeLessThan(MAX_PAGES);
          const { json, headers } = await api.call(path);
          walk.found.push(...json.jobs.map(({ id }: { id: string }) => id));
          path = /^<(.+)>; rel="next"$/.exec(String(headers['link']))?.[1];
          for (const which of events[page] ?? []) {
            // Nobody waits for who submits: it may be done in the midst of the next page.
            if (which === null) others.push(submit());
            else await removeOne(walk, which);
          }
        }
        walk.check();
        await Promise.all(others);
        for (const id of [...walk.there]) await api.call(`/jobs/${id}`, { method: 'DELETE' });
      }),
      { numRuns: 15 },
    );
  });

  async function removeOne(walk: Walk, which: number): Promise<void> {
    const id = [...walk.there][which % Math.max(1, walk.there.size)];
    if (id === undefined) return;
    walk.gone(id);
    expect((await api.call(`/jobs/${id}`, { method: 'DELETE' })).status).toBe(204);
  }
});
