import { TEST_IMAGES } from '@conjob/testkit';

/** What the page calls images that only tests have. */
const IMAGES = [
  ['conjob/echo:latest', TEST_IMAGES.echo.tag],
  ['conjob/hello:latest', TEST_IMAGES.busybox.tag],
] as const;
/** Ids of jobs, in the order in which they are first seen. */
const IDS = ['j_01M89646JE8R4GVHM2THBZVPWH', 'j_01M894QHA4KGSWP8C6S4KD52VN'];
const LONGEST_LINE = 240;

/** What is of one run or one machine alone, and what stands for it. */
const PASSING: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-11-25T11:05:48.883Z'],
  [/"(\w+Ms)":-?\d+/g, '"$1":4'],
  [/"engine":\{[^}]*\}/g, '"engine":{"id":"…","version":"28.0.0"}'],
  [/"running":\d+/g, '"running":0'],
  [/"(ready|inUse)":\d+/g, '"$1":0'],
  [/conjob_[\w-]{43}/g, 'conjob_lWRcQubUc6M9HtDtJ5prJGDxsnu02paXvKxqzil9asI'],
  [/("version":\{"healthy":true,"message":)"[^"]*"/g, '$1"4f2c1d9"'],
];

/** Between the lines of a page, which stay the same, and those of one run. */
export class Masks {
  readonly #urls: Readonly<Record<string, string>>;
  readonly #ids: string[] = [];

  /** `urls`: where that is, which the page has at a port of `localhost`. */
  constructor(urls: Readonly<Record<string, string>>) {
    this.#urls = urls;
  }

  /** A command of the page, for this run. */
  real(command: string): string {
    let text = command;
    for (const [shown, real] of IMAGES) text = text.replaceAll(shown, real);
    // Nothing is left behind on the engine that all tests share.
    text = text.replace('pull=never', 'pull=never&remove=true');
    for (const [port, url] of Object.entries(this.#urls)) {
      text = text.replaceAll(`localhost:${port}`, url);
    }
    for (const [n, id] of IDS.entries()) text = text.replaceAll(id, this.#ids[n] ?? id);
    return text;
  }

  /** The lines of what came, for the page. */
  shown(output: string): string[] {
    let text = output.replace(/j_[0-9A-Z]{26}/g, (id) => this.#shownId(id));
    for (const [shown, real] of IMAGES) text = text.replaceAll(real, shown);
    for (const [pattern, shown] of PASSING) text = text.replace(pattern, shown);
    const lines = text.replace(/\n$/, '').split('\n');
    return text === ''
      ? []
      : lines.map((line) =>
          line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line,
        );
  }

  #shownId(id: string): string {
    if (!this.#ids.includes(id)) this.#ids.push(id);
    return IDS[this.#ids.indexOf(id)] ?? id;
  }
}
