import { describe, expect, test } from 'vitest';
import { isJobId, newJobId } from './job-id.ts';

describe('a job id', () => {
  test('is known as one, and unique', () => {
    const ids = Array.from({ length: 1000 }, newJobId);
    expect(ids.every(isJobId)).toBe(true);
    expect(new Set(ids).size).toBe(1000);
  });

  test('has no character that a key of the queue or a path could not hold', () => {
    expect(newJobId()).toMatch(/^[\w]+$/);
  });

  test.each([
    '',
    'j_',
    '01M85BRJJYXM01D9V32VPFW1AZ',
    'j_01m85brjjyxm01d9v32vpfw1az',
    'j_01M85BRJJYXM01D9V32VPFW1A',
    'j_01M85BRJJYXM01D9V32VPFW1AZ0',
    'j_01M85BRJJYXM01D9V32VPFW1AU',
    'j_01M85BRJJYXM01D9V32VPFW1AZ\n',
    'j_01M85BRJJYXM01D9V32VPFW1:*',
    '../j_01M85BRJJYXM01D9V32VPFW1AZ',
  ])('is not %j', (text) => {
    expect(isJobId(text)).toBe(false);
  });
});
