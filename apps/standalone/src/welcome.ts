import type { CurlTarget } from './curl.ts';

/** What the stand-alone mode says when it is ready. */
export interface Welcome {
  /** Where the API listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where operators reach it. */
  readonly adminUrl: string;
  readonly curl: CurlTarget;
  /** Whether the API asks for a login. */
  readonly hasLogin: boolean;
  readonly redis: string;
  readonly engine: string;
  /** Whether the starter images are in the engine: then the first lines need no registry. */
  readonly hasStarters: boolean;
  /** What the engine is known for. */
  readonly escapes: readonly { readonly component: string; readonly version: string }[];
}

/** The lines to copy must work on this very machine, as they stand. */
export function welcomeText(welcome: Welcome): string {
  const { url, adminUrl, redis, engine, hasStarters, hasLogin, escapes } = welcome;
  const { options, address } = welcome.curl;
  const hub = `curl ${options}'${address}/job/run?image=library/hello-world:latest'`;
  const starters = [
    `curl ${options}'${address}/job/run?image=conjob/hello:latest&pull=never'`,
    `curl ${options}--data foobar '${address}/job/run?image=conjob/echo:latest&pull=never'`,
    `curl ${options}--data foobar '${address}/jobs?image=conjob/echo:latest&pull=never'`,
  ];
  return [
    '',
    `ConJob listens on ${url}`,
    `  Admin port     ${adminUrl}`,
    `  Redis          ${redis}`,
    `  Docker engine  ${engine}`,
    '',
    ...(escapes.length > 0 ? [escapeLine(escapes), ''] : []),
    hasLogin
      ? 'In another terminal, where AUTH_USERNAME and AUTH_PASSWORD are set as here:'
      : 'In another terminal:',
    ...(hasStarters ? starters.map((line) => `  ${line}`) : [`  ${hub}`]),
    ...(hasStarters ? ['', 'Where Docker Hub can be reached:', `  ${hub}`] : []),
    '',
    'Ctrl-C ends everything. Jobs and results are kept for the next start.',
    '',
  ].join('\n');
}

/** One sentence: the ids are in the page that it names, and in the log of a worker. */
function escapeLine(escapes: Welcome['escapes']): string {
  const parts = new Set(escapes.map(({ component, version }) => `${component} ${version}`));
  const which = [...parts].join(' and ');
  return `Run only images that you trust: ${which} have known ways out of a container, unless patched (docs/security.md, Known holes).`;
}
