import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');

/** What docker-compose.yml decides itself. */
const OWN = /^(HOST|PORT|ADMIN_PORT|DATA_DIR|WORKER_NAME|WORKER_HEARTBEAT_FILE)$|^CONJOB_CRASH_/;
/** Of a Redis or an engine that is elsewhere, which it has not; and of a folder that is no part of it. */
const ELSEWHERE = /^REDIS_TLS_|^DOCKER_(HOST|TLS_VERIFY|CERT_PATH|CONFIG)$|^ALLOW_INSECURE_DOCKER$/;

const PASSED = new Map(
  [...read('docker-compose.yml').matchAll(/^ {6}([A-Z_]+):(?: (.*))?$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);
const VARIABLES = [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
  ([, name = '', value = '']) => ({ name, value }),
);

test('docker-compose.yml passes on every variable that it does not decide itself', () => {
  const expected = VARIABLES.map(({ name }) => name).filter(
    (name) => !OWN.test(name) && !ELSEWHERE.test(name),
  );
  expect(expected.filter((name) => !PASSED.has(name))).toEqual([]);
});

test('what docker-compose.yml passes on has the default of .env.example', () => {
  const different = VARIABLES.flatMap(({ name, value }) => {
    const [, own, byDefault] = /^\$\{([A-Z_]+):-(.*)\}$/.exec(PASSED.get(name) ?? '') ?? [];
    return own === name && byDefault !== value ? [`${name}: ${byDefault}, not ${value}`] : [];
  });
  expect(different).toEqual([]);
});
