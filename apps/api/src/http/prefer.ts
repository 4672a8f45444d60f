/** Node's timers hold no more milliseconds than this. */
const LONGEST_TIMER_SECONDS = 2_147_483;

/** What of a Prefer header (RFC 7240) is followed here. */
export interface Preferences {
  /** `wait=N`: how long the answer may be held. */
  readonly waitSeconds: number | undefined;
  /** `respond-async`: 202 at once, unless `wait` gives some time before that. */
  readonly respondAsync: boolean;
}

/** Between commas; texts in quotes may have some of their own. */
const PARTS = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;
/** `name`, `name=value` or `name="value"`, and maybe parameters, none of which is known here. */
const PREFERENCE = /^\s*([^\s=;]+)\s*(?:=\s*(?:"([^"\\]*)"|([^\s;"]*)))?\s*(?:;|$)/;

/** A preference that can't be read is ignored, as the RFC says; of two with one name the first counts. */
export function readPreferences(prefer = ''): Preferences {
  const values = new Map<string, string>();
  for (const [part] of prefer.matchAll(PARTS)) {
    const [, name = '', quoted, plain = ''] = PREFERENCE.exec(part) ?? [];
    const key = name.toLowerCase();
    if (!values.has(key)) values.set(key, quoted ?? plain);
  }
  const wait = values.get('wait') ?? '';
  return {
    waitSeconds: /^\d{1,9}$/.test(wait) ? Math.min(Number(wait), LONGEST_TIMER_SECONDS) : undefined,
    respondAsync: values.get('respond-async') === '',
  };
}

/** How long to wait for the end of a job: not at all for who wants 202; undefined where nothing is said. */
export function preferredWaitSeconds({
  waitSeconds,
  respondAsync,
}: Preferences): number | undefined {
  return waitSeconds ?? (respondAsync ? 0 : undefined);
}

/** What is left, in milliseconds, of the seconds that a client gave who came at `cameAt`, by `performance.now()`. */
export function remainingMs(seconds: number, cameAt: number): number {
  return Math.max(0, cameAt + seconds * 1000 - performance.now());
}

/** Preference-Applied of an answer that followed all of them; undefined where there were none. */
export function appliedPreferences({ waitSeconds, respondAsync }: Preferences): string | undefined {
  const applied = [
    ...(respondAsync ? ['respond-async'] : []),
    ...(waitSeconds === undefined ? [] : [`wait=${waitSeconds}`]),
  ];
  return applied.join(', ') || undefined;
}
