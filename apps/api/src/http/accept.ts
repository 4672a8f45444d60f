/** How much a range of an Accept header says about one type: 0 for any, 1 for its group, 2 for it. */
interface Preference {
  readonly quality: number;
  readonly precision: number;
  readonly place: number;
}

/**
 * Whether an Accept header (RFC 9110, 12.5.1) prefers JSON to plain text. Without one, and when it
 * says the same of both, the answer is text. Of equal weights, the more exact range wins,
 * then the earlier one.
 */
export function prefersJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const ranges = accept.split(',').map(parseRange);
  const json = preference(ranges, 'application/json');
  const text = preference(ranges, 'text/plain');
  if (json === undefined || json.quality === 0) return false;
  if (text === undefined) return true;
  return (
    (json.quality - text.quality || json.precision - text.precision || text.place - json.place) > 0
  );
}

/** Whether an Accept header allows this type at all; without one everything is allowed. */
export function accepts(accept: string | undefined, type: string): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return (preference(accept.split(',').map(parseRange), type)?.quality ?? 0) > 0;
}

function parseRange(range: string, place: number) {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { type, place, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** What the most exact range that matches says. */
function preference(
  ranges: readonly ReturnType<typeof parseRange>[],
  type: string,
): Preference | undefined {
  const ways = ['*/*', `${type.split('/', 1)[0]}/*`, type];
  let best: Preference | undefined;
  for (const { quality, place, ...range } of ranges) {
    const precision = ways.indexOf(range.type);
    if (precision > (best?.precision ?? -1)) best = { quality, precision, place };
  }
  return best;
}
