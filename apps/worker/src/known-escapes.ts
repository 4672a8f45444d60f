/** Ways out of a container that are known by name. Not a scanner: the few that whoever runs strangers' images must know. */
interface KnownEscape {
  /** As the engine calls it. */
  readonly component: string;
  readonly ids: readonly string[];
  /** The first version of each branch that has the fix; later branches have it. */
  readonly fixedIn: readonly string[];
}

const KNOWN_ESCAPES: readonly KnownEscape[] = [
  { component: 'runc', ids: ['CVE-2024-21626'], fixedIn: ['1.1.12'] },
  {
    component: 'runc',
    ids: ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'],
    fixedIn: ['1.2.8', '1.3.3', '1.4.0'],
  },
  // The two above, its makers say, are not in crun.
  { component: 'crun', ids: ['CVE-2019-18837'], fixedIn: ['0.10.5'] },
  { component: 'crun with libkrun', ids: ['CVE-2025-24965'], fixedIn: ['1.20.0'] },
  {
    // Of `docker cp`, which ConJob never uses on an image of somebody else. People do.
    component: 'Engine',
    ids: ['CVE-2026-41567', 'CVE-2026-41568', 'CVE-2026-42306'],
    fixedIn: ['29.5.1'],
  },
];

/** A component of an engine with known escapes. */
export interface EscapeWarning {
  readonly component: string;
  readonly version: string;
  /** All of it in one sentence. */
  readonly message: string;
}

/** What is known of these versions, by them alone: distributions patch older ones. */
export function escapeWarnings(versions: Readonly<Record<string, string>>): EscapeWarning[] {
  return KNOWN_ESCAPES.flatMap(({ component, ids, fixedIn }) => {
    const version = versions[component];
    if (version === undefined || isFixed(version, fixedIn)) return [];
    const message = `${component} ${version} lets containers escape (${ids.join(', ')}), unless its packager has patched it: fixed in ${fixedIn.join(', ')}`;
    return [{ component, version, message }];
  });
}

/** True also for a version that can't be read: there is nothing to say of it. */
function isFixed(version: string, fixedIn: readonly string[]): boolean {
  const has = parse(version);
  if (has === null) return true;
  const fixes = fixedIn.map(parse).filter((fix) => fix !== null);
  const own = fixes.find(([major, minor]) => major === has[0] && minor === has[1]);
  if (own !== undefined) return has[2] >= own[2];
  return fixes.every(([major, minor]) => has[0] > major || (has[0] === major && has[1] > minor));
}

function parse(version: string): readonly [number, number, number] | null {
  // crun leaves out a zero at the end.
  const [, major, minor, patch = 0] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return minor === undefined ? null : [Number(major), Number(minor), Number(patch)];
}
