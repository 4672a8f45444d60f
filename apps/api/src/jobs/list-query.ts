import { CONCLUSION_NAMES, InvalidImageReferenceError, isJobId, JOB_STATES } from '@conjob/shared';
import { Query, splitUrl } from '../http/query.ts';
import { ImageFilter, type JobFilter } from './job-list.ts';
import { JOB_PARAMETERS } from './query-request.ts';

const PARAMETERS = ['state', 'conclusion', 'image', 'group', 'label', 'limit', 'cursor'];
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** The filter that the query of `GET /jobs` asks for. Throws `RequestError`. */
export function readListQuery(url: string): JobFilter {
  const query = new Query(url, PARAMETERS);
  const filter = {
    state: query.oneOf('state', JOB_STATES),
    conclusion: query.oneOf('conclusion', CONCLUSION_NAMES),
    image: readImage(query),
    group: query.text('group'),
    labels: readLabels(query),
    limit: query.integerWithin('limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
    before: readCursor(query),
  };
  query.throwIfWrong(asksForJob(query) ? 'To make a job: POST /jobs (curl -X POST).' : undefined);
  return filter;
}

/** The URL of the page that starts at `cursor`, otherwise like this one. */
export function nextPageUrl(url: string, cursor: string): string {
  const [path, search] = splitUrl(url);
  const parameters = new URLSearchParams(search);
  parameters.set('cursor', cursor);
  return `${path}?${parameters}`;
}

/** Who only forgot the method gets to know it, not just that a list has no such parameter. */
function asksForJob({ names }: Query): boolean {
  return [...names].some((name) => JOB_PARAMETERS.includes(name) && !PARAMETERS.includes(name));
}

function readImage(query: Query): ImageFilter | undefined {
  const text = query.text('image');
  if (text === undefined) return undefined;
  try {
    return new ImageFilter(text);
  } catch (error) {
    if (!(error instanceof InvalidImageReferenceError)) throw error;
    query.errors.push({ path: 'image', message: error.message });
    return undefined;
  }
}

function readLabels(query: Query): [string, string][] {
  return query.list('label').map((text) => {
    const colon = text.indexOf(':');
    if (colon < 1) query.errors.push({ path: 'label', message: 'Must look like name:value.' });
    return [text.slice(0, colon), text.slice(colon + 1)];
  });
}

function readCursor(query: Query): string | undefined {
  const cursor = query.text('cursor');
  if (cursor !== undefined && !isJobId(cursor)) {
    query.errors.push({ path: 'cursor', message: 'Must come from a Link of this list.' });
  }
  return cursor;
}
