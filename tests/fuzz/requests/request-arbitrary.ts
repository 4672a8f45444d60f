import fc from 'fast-check';
import type { OpenApiDocument } from '../../../apps/api/src/openapi/document.ts';
import { WHO } from '../support/logins.ts';
import type { Damage, FuzzRequest } from './fuzz-request.ts';
import { headers } from './headers.ts';
import { image, jobSpecBody } from './job-spec-bodies.ts';

const NOBODY = 'j_00000000000000000000000000';
const ODD_METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
];
const ODD_TEXTS = [
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '%ff',
  '%',
  '%zz',
  '%0d%0aX:%20y',
  'a%2fb',
  '%e2%80%a8',
  'x'.repeat(500),
  '-1',
  '1e3',
  '__proto__',
  '',
  '*',
  "'",
  '%25',
];
const LINES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\r\n\r\n',
  ' ',
  '\t',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 3\r\n',
  'Host: x\r\n',
  'GET /livez HTTP/1.1\r\n\r\n',
  '0\r\n\r\n',
  'x'.repeat(20_000),
];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: string; readonly enum?: readonly unknown[] };
}

/** What can be asked of a port, by its own document: each method of each path, with its parameters. */
export interface Offer {
  readonly port: FuzzRequest['port'];
  readonly method: string;
  readonly template: string;
  readonly parameters: readonly Parameter[];
}

export function offersOf(port: FuzzRequest['port'], { paths }: OpenApiDocument): Offer[] {
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { parameters }]) => ({
      port,
      method: method.toUpperCase(),
      template,
      parameters: parameters as Parameter[],
    })),
  );
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'insert', 'delete', 'repeat', 'flip', 'cut', 'bare-lf'),
  place: fc.double({ min: 0, max: 0.999, noNaN: true }),
  length: fc.integer({ min: 1, max: 60 }),
  text: fc.constantFrom(...LINES),
});

/** Mostly somebody who may do it. */
const who = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...WHO.slice(0, 2)) },
  { weight: 2, arbitrary: fc.constantFrom(...WHO) },
);

/** Requests over all that is offered: most are proper, many ask for what is not, some are damaged. */
export function fuzzRequest(offers: readonly Offer[]): fc.Arbitrary<FuzzRequest> {
  const weighted = offers.map((offer) => ({
    weight: weightOf(offer),
    arbitrary: fc.constant(offer),
  }));
  return fc.oneof(...weighted).chain((offer) =>
    fc.record({
      port: fc.constant(offer.port),
      template: fc.constant(offer.template),
      method: rarely(fc.constantFrom(...ODD_METHODS), fc.constant(offer.method), 12),
      target: targets(offer),
      who,
      pick: fc.nat(),
      headers,
      body: bodies(offer),
      damages: rarely(fc.array(damage, { minLength: 1, maxLength: 3 }), fc.constant([]), 4),
    }),
  );
}

/** What makes jobs and looks at them is most of what there is to go wrong. */
function weightOf({ template, method }: Offer): number {
  if (template === '/job/run' || (template === '/jobs' && method === 'POST')) return 12;
  return template.startsWith('/jobs') ? 4 : 1;
}

/** The first one time out of so many. */
function rarely<A, B>(rare: fc.Arbitrary<A>, usual: fc.Arbitrary<B>, outOf: number) {
  return fc.oneof({ weight: 1, arbitrary: rare }, { weight: outOf - 1, arbitrary: usual });
}

function targets({ template, parameters }: Offer): fc.Arbitrary<string> {
  const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const path = fc
    .tuple(...inPath.map(pathPart))
    .map((parts) =>
      inPath.reduce((text, name, n) => text.replace(`{${name}}`, parts[n] ?? ''), template),
    );
  const all = parameters.filter((one) => one.in === 'query');
  const isRequired = ({ name }: Parameter) => ['image', 'name', 'role', 'id'].includes(name);
  const known = all.filter((one) => !isRequired(one));
  const pair = fc.oneof(
    {
      weight: 8,
      arbitrary: known.length === 0 ? oddPair : fc.constantFrom(...known).chain(queryPair),
    },
    { weight: 1, arbitrary: oddPair },
  );
  const required = all.filter(isRequired);
  const usual = fc.tuple(
    fc.tuple(...required.map(queryPair)),
    rarely(
      fc.uniqueArray(pair, { maxLength: 3, selector: (text) => text.split('=', 1)[0] }),
      fc.constant([]),
      2,
    ),
  );
  return fc.tuple(path, usual).map(([at, [first, more]]) => {
    const pairs = [...first, ...more];
    return pairs.length === 0 ? at : `${at}?${pairs.join('&')}`;
  });
}

function pathPart(name: string): fc.Arbitrary<string> {
  const usual = { id: '{id}', name: 'w1', number: '1' }[name] ?? 'x';
  const odd = fc.oneof(
    fc.constantFrom(...ODD_TEXTS.filter((text) => text !== ''), NOBODY),
    encoded,
  );
  return rarely(odd, fc.constant(usual), 8);
}

const encoded = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((text) => encodeURIComponent(text.toWellFormed()));
const oddPair = fc
  .tuple(
    fc.constantFrom('zz', '__proto__', 'image[]', 'a%0d%0ab', ''),
    fc.oneof(encoded, fc.constantFrom(...ODD_TEXTS)),
  )
  .map(([name, value]) => `${name}=${value}`);

function queryPair({ name, schema }: Parameter): fc.Arbitrary<string> {
  const value = rarely(
    fc.oneof(fc.constantFrom(...ODD_TEXTS), encoded),
    usualValue(name, schema),
    8,
  );
  return value.map((text) => `${name}=${text}`);
}

function usualValue(
  name: string,
  { type, enum: values }: Parameter['schema'],
): fc.Arbitrary<string> {
  if (name === 'image') return image.map((text) => encodeURIComponent(text.toWellFormed()));
  // As the limits of a service that goes on being asked.
  if (name.startsWith('conjob.')) return fc.constantFrom('2', '3', '30', '300', '0x', '-1');
  if (name === 'wait') return fc.constantFrom('0', '1', '301');
  if (name === 'offset' || name === 'limit') return fc.constantFrom('0', '1', '2', '100');
  if (name === 'cursor') return fc.constantFrom('{id}', NOBODY);
  if (name === 'name') return fc.constantFrom('t1', 't2', 't3');
  if (values !== undefined) return fc.constantFrom(...values.map(String));
  if (type === 'boolean') return fc.constantFrom('true', 'false', 'TRUE');
  if (type === 'integer') return fc.integer({ min: -1, max: 1800 }).map(String);
  return encoded;
}

function bodies({ method, template }: Offer): fc.Arbitrary<Buffer | undefined> {
  const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  if (method === 'POST' && template === '/jobs')
    return fc.oneof(jobSpecBody, any, fc.constant(undefined));
  return rarely(any, fc.constant(method === 'POST' ? Buffer.alloc(0) : undefined), 4);
}
