interface Axis {
  readonly label: string;
  /** Default: linear, from 0. */
  readonly scale?: 'linear' | 'logarithmic';
}

interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 732;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 36;
const TOP = 48;
const BOTTOM = 84;
const TICKS = 5;

/** Colours that can be told apart, also by who sees few, on a light and on a dark page. */
const STYLE = `
svg { font: 13px system-ui, sans-serif; --ink: #24292f; --line: #d0d7de; --page: #ffffff;
  --s0: #0969da; --s1: #bc4c00; --s2: #1a7f37; --s3: #8250df; --s4: #cf222e; }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --line: #3d444d; --page: #0d1117;
  --s0: #58a6ff; --s1: #f0883e; --s2: #3fb950; --s3: #bc8cff; --s4: #ff7b72; } }
.page { fill: var(--page) } text { fill: var(--ink) } .title { font-weight: 600; font-size: 15px }
.grid { stroke: var(--line) } path { fill: none; stroke-width: 2 }
${[0, 1, 2, 3, 4].map((n) => `.s${n} { stroke: var(--s${n}); fill: var(--s${n}) } path.s${n} { fill: none }`).join('\n')}`;

/** A chart as SVG that a page can show as an image; the same bytes for the same figures. */
export function lineChart({ title, x, y, series }: Chart): string {
  const points = series.flatMap((each) => each.points);
  const across = axis(
    x,
    points.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = axis(
    y,
    points.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    `<text class="title" x="${LEFT}" y="26">${escapeText(title)}</text>`,
    ...up.ticks.flatMap(({ at, label }) => [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`,
      `<text x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${label}</text>`,
    ]),
    ...across.ticks.map(
      ({ at, label }) =>
        `<text x="${at}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${label}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - BOTTOM + 42}" text-anchor="middle">${escapeText(x.label)}</text>`,
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeText(y.label)}</text>`,
    ...series.flatMap((each, index) => drawSeries(each, index, across.place, up.place)),
    '</svg>\n',
  ].join('\n');
}

type Place = (value: number) => number;

function drawSeries({ name, points }: Series, index: number, across: Place, up: Place): string[] {
  const at = points.map(([x, y]) => [across(x), up(y)] as const);
  const style = `s${index % 5}`;
  const left = LEFT + index * 130;
  return [
    `<path class="${style}" d="${at.map(([x, y], n) => `${n === 0 ? 'M' : 'L'}${x} ${y}`).join('')}"/>`,
    ...at.map(([x, y]) => `<circle class="${style}" cx="${x}" cy="${y}" r="3"/>`),
    `<circle class="${style}" cx="${left + 6}" cy="${HEIGHT - 18}" r="5"/>`,
    `<text x="${left + 18}" y="${HEIGHT - 14}">${escapeText(name)}</text>`,
  ];
}

interface Ticks {
  readonly place: Place;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

function axis(
  { scale = 'linear' }: Axis,
  values: readonly number[],
  from: number,
  to: number,
): Ticks {
  const steps = scale === 'linear' ? linearSteps(values) : decades(values);
  const measure = scale === 'linear' ? (value: number) => value : Math.log10;
  const [low, high] = [measure(steps[0] ?? 0), measure(steps.at(-1) ?? 1)];
  const place = (value: number) =>
    Math.round((from + ((measure(value) - low) / (high - low)) * (to - from)) * 10) / 10;
  return { place, ticks: steps.map((value) => ({ at: place(value), label: label(value) })) };
}

/** From 0 up, in steps of 1, 2 or 5 and zeros. */
function linearSteps(values: readonly number[]): number[] {
  const rough = Math.max(...values, Number.MIN_VALUE) / TICKS;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10);
  const count = Math.ceil((Math.max(...values) / step) * (1 - 1e-9));
  return Array.from({ length: Math.max(1, count) + 1 }, (_, index) => index * step);
}

function decades(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
}

function label(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
