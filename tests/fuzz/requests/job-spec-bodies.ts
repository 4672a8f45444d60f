import fc from 'fast-check';
import { KNOWN_IMAGES } from '../support/fuzzed-worker.ts';

/** Those that end by themselves far more often than the one that does not. */
export const image = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...KNOWN_IMAGES.filter((name) => name !== 'hang')) },
  { weight: 1, arbitrary: fc.constant('hang') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'ghcr.io/acme/app:1',
      'a/b@sha256:12',
      'A',
      '',
      '-x',
      'localhost:2375/v1:y',
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

const name = fc.constantFrom('A', 'team', 'CONJOB_X', '__proto__', 'constructor', 'a=b', '', 'ü');
const texts = fc.string({ unit: 'binary', maxLength: 40 });
const map = fc.dictionary(name, texts, { maxKeys: 4 });
const number = fc.oneof(fc.integer({ min: -5, max: 2000 }), fc.double(), fc.constant(1e30));

/** Fields that are mostly as they may be. */
const spec = fc.record(
  {
    image,
    entrypoint: fc.array(texts, { maxLength: 3 }),
    args: fc.array(texts, { maxLength: 4 }),
    stdin: texts,
    env: map,
    workdir: fc.oneof(fc.constant('/tmp'), texts),
    user: fc.oneof(fc.constant('65534:65534'), texts),
    pull: fc.constantFrom('always', 'absent', 'never', 'sometimes'),
    platform: fc.constantFrom('linux/amd64', 'linux', '../..'),
    remove: fc.boolean(),
    timeoutSeconds: number,
    killTimeoutSeconds: number,
    queueTimeoutSeconds: number,
    resources: fc.record({ memoryBytes: number, cpus: number, pids: number }, { requiredKeys: [] }),
    profile: fc.constantFrom('default', 'untrusted', 'trusted', 'Default'),
    network: fc.constantFrom('bridge', 'none', 'host'),
    labels: map,
    requires: fc.constantFrom({}, { gpu: 'true' }, { '': 'x' }, { __proto__: null, a: 1 }),
    priority: number,
    retry: fc.record(
      {
        maxAttempts: number,
        on: fc.array(fc.constantFrom('worker.lost', 'exit:3', 'exit:0', 'x')),
      },
      { requiredKeys: [] },
    ),
    retentionSeconds: number,
  },
  { requiredKeys: ['image'] },
);

/** Bodies of job specs: some proper, some with a field of another kind, some that are no JSON at all. */
export const jobSpecBody: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ image, args: fc.array(texts, { maxLength: 3 }) }).map(toBody),
  },
  { weight: 4, arbitrary: spec.map(toBody) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        spec,
        fc.constantFrom('image', 'args', 'labels', 'retry', 'unknown'),
        fc.jsonValue({ maxDepth: 3 }),
      )
      .map(([fields, key, value]) => toBody({ ...fields, [key]: value })),
  },
  { weight: 1, arbitrary: fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);

function toBody(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
