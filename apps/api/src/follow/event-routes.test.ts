import { until } from '@conjob/testkit';
import type { EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OutputTold, outputOf, readEvents } from '../testing/event-client.ts';
import { useHandApi } from '../testing/use-hand-api.ts';

const { api, worker } = useHandApi();

type Piece = Pick<OutputTold, 'stream' | 'bytes'>;

async function submit(spec: object = {}): Promise<string> {
  const answer = await api.call('/jobs', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ image: 'any', ...spec }),
  });
  return answer.json.id;
}

const eventsUrl = (id: string) => `${api.api.url}/jobs/${id}/events`;

/** Takes the job, writes what each attempt has to write, and ends it. */
async function runAttempts(attempts: readonly (readonly Piece[])[]): Promise<void> {
  for (const [index, pieces] of attempts.entries()) {
    const claim = await worker.take();
    await worker.attempts.advance(claim, 'started', 'running');
    for (const { stream, bytes } of pieces) {
      await worker.attempts.appendOutput(claim, [{ stream, data: bytes }]);
    }
    const isLast = index === attempts.length - 1;
    const outputBytes = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const exit = { conclusion: 'FAILURE', exitCode: 1, outputBytes } as const;
    if (isLast) await worker.finish(claim, exit);
    else await worker.retry(claim, exit);
  }
}

/** The bytes of each stream, with the attempt of each of them. */
const inOrder = (told: readonly Omit<OutputTold, 'isText'>[]) =>
  STREAMS.map((of) =>
    told.flatMap(({ attempt, stream, bytes }) =>
      stream === of ? Array.from(bytes, (byte) => `${attempt} ${byte}`) : [],
    ),
  );

const STREAMS = ['stdout', 'stderr'] as const;

const piece = fc.record({
  stream: fc.constantFrom(...STREAMS),
  bytes: fc
    .oneof(
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).map((text) => Buffer.from(text)),
      // The two halves of a character, each for itself.
      fc.constantFrom(Buffer.from([0xe2, 0x82]), Buffer.from([0xac])),
    )
    .map((bytes) => Buffer.from(bytes)),
});

/** Texts as both streams write them: cut anywhere, also within characters, with some of the other in between. */
const wovenTexts = fc
  .record({
    stdout: fc.string({ unit: 'binary', maxLength: 8 }),
    stderr: fc.string({ unit: 'binary', maxLength: 8 }),
    steps: fc.array(
      fc.record({
        stream: fc.constantFrom(...STREAMS),
        length: fc.integer({ min: 1, max: 5 }),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ stdout, stderr, steps }) => {
    const left = { stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
    const lengths = STREAMS.map((stream) => ({ stream, length: left[stream].length }));
    return [...steps, ...lengths].flatMap(({ stream, length }): Piece[] => {
      const bytes = left[stream].subarray(0, length);
      left[stream] = left[stream].subarray(length);
      return bytes.length === 0 ? [] : [{ stream, bytes }];
    });
  });

/** Reads all events of a job, breaking off each time that so many bytes have come, and going on there. */
async function readCut(id: string, cuts: readonly number[]): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = [];
  let lastEventId: string | undefined;
  for (const cutAfterBytes of [...cuts, Number.POSITIVE_INFINITY]) {
    const read = await readEvents(eventsUrl(id), { lastEventId, cutAfterBytes });
    events.push(...read.events);
    lastEventId = read.lastEventId;
    if (events.at(-1)?.event === 'end') break;
  }
  return events;
}

const someCuts = fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 12 });

describe('the events of a job', () => {
  test('go on where they were cut, without a gap or a repeat, also over several attempts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(piece, { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
        someCuts,
        async (attempts, cuts) => {
          const id = await submit({ retry: { maxAttempts: 3, on: ['exit:1'] } });
          const ran = runAttempts(attempts);
          const events = await readCut(id, cuts);
          await ran;
          const written = attempts.flatMap((pieces, index) =>
            pieces.map((told) => ({ ...told, attempt: index + 1 })),
          );
          expect(inOrder(outputOf(events))).toEqual(inOrder(written));
          expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
          expect(events.filter(({ event }) => event === 'end')).toHaveLength(1);
          const states = events.filter(({ event }) => event === 'state').map(({ data }) => data);
          expect(states.some((state, index) => state === states[index - 1])).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('break no character, however the two streams are woven and wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(wovenTexts, someCuts, async (pieces, cuts) => {
        const id = await submit();
        const ran = runAttempts([pieces]);
        const told = outputOf(await readCut(id, cuts));
        await ran;
        const written = pieces.map((each) => ({ ...each, attempt: 1 }));
        expect(inOrder(told)).toEqual(inOrder(written));
        expect(told.every(({ isText }) => isText)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('tell the state first, then the output, then the end', async () => {
    const id = await submit();
    const seen: string[] = [];
    const reading = readEvents(eventsUrl(id), {
      onEvent: ({ event, data }) => {
        const { state, phase, stream, text, conclusion } = JSON.parse(data);
        seen.push([event, state, phase, stream, text, conclusion].filter(Boolean).join(' '));
      },
    });
    await until(() => seen.length === 1);
    const claim = await worker.take();
    await until(() => seen.length === 2);
    await worker.attempts.advance(claim, 'started', 'running');
    await until(() => seen.length === 3);
    await worker.attempts.appendOutput(claim, [
      { stream: 'stdout', data: Buffer.from('out') },
      { stream: 'stderr', data: Buffer.from('err') },
    ]);
    await until(() => seen.length === 5);
    await worker.finish(claim);
    expect(await reading).toMatchObject({ status: 200, isWhole: true });
    expect(seen).toEqual([
      'state queued',
      'state running pulling',
      'state running running',
      'output stdout out',
      'output stderr err',
      'state finished SUCCESS',
      'end finished SUCCESS',
    ]);
  });

  test('tell how far a pull is', async () => {
    const id = await submit();
    const told: object[] = [];
    const reading = readEvents(eventsUrl(id), {
      onEvent: ({ data }) => void told.push(JSON.parse(data).progress),
    });
    const claim = await worker.take();
    for (const bytes of [1, 2]) {
      const progress = { layers: 1, layersDone: 0, bytes, totalBytes: 2 };
      await worker.attempts.advance(claim, 'claimed', 'pulling', { progress });
      await until(() =>
        told.some((each) => each !== null && 'bytes' in each && each.bytes === bytes),
      );
    }
    await worker.finish(claim);
    await reading;
    expect(told.at(-1)).toBe(null);
  });

  test('tell how long the parts of a running job have taken so far', async () => {
    const id = await submit();
    const told: object[] = [];
    const reading = readEvents(eventsUrl(id), {
      onEvent: ({ data }) => void told.push(JSON.parse(data).timings),
    });
    const claim = await worker.take();
    const { queueMs } = claim;
    const none = { queueMs: null, pullMs: null, createMs: null, runMs: null };
    const parts = [{ queueMs }, { pullMs: 1 }, { createMs: 2 }, { runMs: 3 }];
    const steps = parts.map((_, n) => Object.assign({ ...none }, ...parts.slice(0, n + 1)));
    for (const [n, timings] of steps.slice(0, 3).entries()) {
      if (n > 0) await worker.attempts.advance(claim, 'started', 'running', { timings });
      await until(() => JSON.stringify(told.at(-1)) === JSON.stringify(timings));
      expect((await api.call(`/jobs/${id}`)).json).toMatchObject({
        timings,
        attempts: [{ timings }],
      });
    }
    await worker.finish(claim, { timings: steps[3] });
    await reading;
    expect(told.at(-1)).toEqual(steps[3]);
  });

  test('keep a character whole that comes in two chunks, and bytes that are none', async () => {
    const id = await submit();
    const bytes = (...values: number[]) => ({
      stream: 'stdout' as const,
      bytes: Buffer.from(values),
    });
    await runAttempts([[bytes(0x61, 0xe2, 0x82), bytes(0xac), bytes(0xff), bytes(0xe2)]]);
    const { events } = await readEvents(eventsUrl(id));
    const contents = events
      .filter(({ event }) => event === 'output')
      .map(({ data }) => JSON.parse(data))
      .map(({ text, base64 }) => ({ text, base64 }));
    expect(contents).toEqual([
      { text: 'a' },
      { text: '€' },
      { base64: '/w==' },
      { base64: '4g==' },
    ]);
  });

  test('keep a character whole around what the other stream writes meanwhile', async () => {
    const id = await submit();
    await runAttempts([
      [
        { stream: 'stdout', bytes: Buffer.from([0x61, 0xe2, 0x82]) },
        { stream: 'stderr', bytes: Buffer.from([0x77, 0xc3]) },
        { stream: 'stdout', bytes: Buffer.from([0xac, 0xf0]) },
        { stream: 'stderr', bytes: Buffer.from([0xa9, 0xc3]) },
      ],
    ]);
    const { events } = await readEvents(eventsUrl(id));
    const contents = events
      .filter(({ event }) => event === 'output')
      .map(({ data }) => JSON.parse(data))
      .map(({ stream, text, base64 }) => [stream, text ?? base64]);
    expect(contents).toEqual([
      ['stdout', 'a'],
      ['stderr', 'w'],
      ['stdout', '€'],
      ['stderr', 'é'],
      // Their rest never came.
      ['stdout', '8A=='],
      ['stderr', 'ww=='],
    ]);
    expect((await api.call(`/jobs/${id}`)).json.output).toBe('aw€é\ufffd\ufffd');
  });

  test('go on after an id that an earlier version gave', async () => {
    const id = await submit();
    await runAttempts([[{ stream: 'stdout', bytes: Buffer.from([0x61, 0xe2, 0x82]) }]]);
    const { events } = await readEvents(eventsUrl(id));
    const [first] = events.filter(({ event }) => event === 'output');
    const position = first?.id?.split('.')[1];
    const lastEventId = `1.${position}.oe282.`;
    const rest = outputOf((await readEvents(eventsUrl(id), { lastEventId })).events);
    expect(rest.map(({ bytes }) => bytes.toString('hex'))).toEqual(['e282']);
  });

  test('are over after the end: a client that comes back is told to stay away', async () => {
    const id = await submit();
    await runAttempts([[]]);
    const { lastEventId } = await readEvents(eventsUrl(id));
    expect(await readEvents(eventsUrl(id), { lastEventId })).toMatchObject({ status: 204 });
  });
});

describe('GET /jobs/{id}/events', () => {
  test('of an unknown job is 404', async () => {
    expect((await api.call('/jobs/j_nope/events')).json.code).toBe('job.not_found');
  });

  test.each(['nonsense', '1.0-0.oc3c3c3c3..'])('refuses the Last-Event-ID %s', async (id) => {
    const path = `/jobs/${await submit()}/events`;
    const answer = await api.call(path, { headers: { 'Last-Event-ID': id } });
    expect(answer).toMatchObject({ status: 400, json: { code: 'request.invalid' } });
  });
});
