import { describe, expect, test } from 'vitest';
import {
  canonicalRequires,
  fits,
  type Labels,
  labelsText,
  parseRequires,
  queueOf,
} from './placement.ts';
import { type Random, SEEDS, seededRandom } from './testing/random.ts';

const CHARACTERS = 'ab01.-/_';

function someLabels(random: Random, most = 5): Labels {
  const text = () => random.text(CHARACTERS, 1 + random.below(3));
  return Object.fromEntries(Array.from({ length: random.below(most) }, () => [text(), text()]));
}

function shuffled(labels: Labels, random: Random): Labels {
  const entries = Object.entries(labels);
  for (let last = entries.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    const [a, b] = [entries[last], entries[other]];
    if (a && b) [entries[last], entries[other]] = [b, a];
  }
  return Object.fromEntries(entries);
}

describe.each(SEEDS)('requirements (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const labels = someLabels(random);
  const others = someLabels(random);

  test('have one text and one queue in whatever order they are written', () => {
    const again = shuffled(labels, random);
    expect(canonicalRequires(again)).toBe(canonicalRequires(labels));
    expect(queueOf(again)).toBe(queueOf(labels));
  });

  test('are read back from their text', () => {
    expect(parseRequires(canonicalRequires(labels))).toEqual(labels);
  });

  test('that differ have texts and queues that differ', () => {
    const areEqual = fits(labels, others) && fits(others, labels);
    expect(canonicalRequires(labels) === canonicalRequires(others)).toBe(areEqual);
    expect(queueOf(labels) === queueOf(others)).toBe(areEqual);
  });

  test('fit a worker that has at least these labels', () => {
    const worker = { ...others, ...labels };
    expect(fits(labels, worker)).toBe(true);
    expect(fits({}, worker)).toBe(true);
    for (const [name, value] of Object.entries(labels)) {
      const { [name]: _, ...without } = worker;
      expect(fits(labels, without)).toBe(false);
      expect(fits(labels, { ...worker, [name]: `${value}x` })).toBe(false);
    }
  });
});

test('jobs that require nothing share one queue; all others are named after what they require', () => {
  expect(queueOf({})).toBe('run');
  expect(queueOf({ gpu: 'true' })).toMatch(/^run\.[0-9a-f]{12}$/);
});

test('name and value are not confused', () => {
  const pairs = [{ a: 'b', c: 'd' }, { a: 'b,c=d' }, { 'a=b': 'c' }, { a: 'b=c' }, { b: 'a' }];
  expect(new Set(pairs.map(queueOf)).size).toBe(pairs.length);
});

test.each(['constructor', 'toString', 'hasOwnProperty'])(
  'a worker has no label %s that nobody gave it',
  (name) => {
    expect(fits({ [name]: 'x' }, {})).toBe(false);
    expect(fits({ [name]: 'x' }, { [name]: 'x' })).toBe(true);
  },
);

test('labels are shown as they are written on the command line', () => {
  expect(labelsText({ arch: 'arm64', gpu: 'true' })).toBe('arch=arm64, gpu=true');
  expect(labelsText({})).toBe('');
});
