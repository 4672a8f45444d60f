import { describe, expect, test } from 'vitest';
import { readJobRecord } from './job-record.ts';

describe('a job record', () => {
  test('of no fields is null', () => {
    expect(readJobRecord('a', {})).toBeNull();
  });

  test('leaves the attempts that did not conclude open', () => {
    const fields = {
      state: 'running',
      phase: 'pulling',
      spec: '{"image":"a"}',
      createdAt: '1',
      startedAt: '2',
      attempt: '2',
      retries: '1',
      retryAt: '9',
      v: '1',
      'attempt:1:worker': 'w1',
      'attempt:1:startedAt': '2',
      'attempt:1:finishedAt': '3',
      'attempt:1:timings': '{"queueMs":1,"pullMs":5,"createMs":null,"runMs":null}',
      'attempt:2:worker': 'w2',
      'attempt:2:startedAt': '3',
    };
    expect(readJobRecord('a', fields)).toEqual({
      id: 'a',
      spec: { image: 'a', profile: 'default', init: false },
      group: 'default',
      state: 'running',
      phase: 'pulling',
      createdAt: 1,
      startedAt: 2,
      finishedAt: null,
      attempts: [
        {
          number: 1,
          worker: 'w1',
          startedAt: 2,
          finishedAt: 3,
          result: null,
          timings: { queueMs: 1, pullMs: 5, createMs: null, runMs: null },
        },
        {
          number: 2,
          worker: 'w2',
          startedAt: 3,
          finishedAt: null,
          result: null,
          timings: { queueMs: 2, pullMs: null, createMs: null, runMs: null },
        },
      ],
      progress: null,
      imageDigest: null,
      secretVersion: null,
      sandbox: null,
      cancelReason: null,
      retryAt: 9,
      retries: 1,
      version: 1,
      result: null,
    });
  });
});
