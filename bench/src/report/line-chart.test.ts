import { expect, test } from 'vitest';
import { type Chart, lineChart } from './line-chart.ts';

const chart: Chart = {
  title: 'Latency & load',
  x: { label: 'jobs/s' },
  y: { label: 'ms', scale: 'logarithmic' },
  series: [
    {
      name: 'p50',
      points: [
        [10, 2],
        [900, 40],
      ],
    },
    {
      name: 'p99 < 1 s',
      points: [
        [10, 8],
        [900, 700],
      ],
    },
  ],
};

test('the same figures make the same picture', () => {
  expect(lineChart(chart)).toBe(lineChart(structuredClone(chart)));
});

test('shows every point of every series within its axes', () => {
  const svg = lineChart(chart);
  const points = [...svg.matchAll(/<circle class="s\d" cx="([\d.]+)" cy="([\d.]+)" r="3"/g)];
  expect(points).toHaveLength(4);
  for (const [, x, y] of points) {
    expect(Number(x)).toBeGreaterThanOrEqual(70);
    expect(Number(x)).toBeLessThanOrEqual(732 - 36);
    expect(Number(y)).toBeGreaterThanOrEqual(48);
    expect(Number(y)).toBeLessThanOrEqual(400 - 84);
  }
});

test('a logarithmic axis has a line for each decade, a linear one begins at zero', () => {
  const svg = lineChart(chart);
  for (const label of ['1', '10', '100', '1000']) expect(svg).toContain(`"end">${label}<`);
  expect(svg).toContain('"middle">0<');
});

test('words are text, and not markup', () => {
  const svg = lineChart(chart);
  expect(svg).toContain('Latency &#38; load');
  expect(svg).toContain('p99 &#60; 1 s');
});

test('can be read on a light and on a dark page', () => {
  expect(lineChart(chart)).toContain('@media (prefers-color-scheme: dark)');
});
