import { callEngine } from '@conjob/provision';
import type { EngineAccess } from './test-engine.ts';
import type { RegistryLogin, TestRegistry } from './test-registry.ts';

const PUSH_TIMEOUT_MS = 60_000;

/**
 * Pushes the engine's image `from` to the registry as `<registry>/<name>`, through the engine.
 * The new tag is then removed from the engine, so that a job has to pull it.
 *
 * Returns its reference, by tag and by digest.
 */
export async function pushImage(
  engine: EngineAccess,
  from: string,
  registry: TestRegistry,
  name: string,
): Promise<{ readonly reference: string; readonly digestReference: string }> {
  const [repository = name, tag = 'latest'] = name.split(':');
  const repo = `${registry.host}/${repository}`;
  await post(engine, `/images/${from}/tag?${new URLSearchParams({ repo, tag })}`, 201);
  const pushed = await post(engine, `/images/${repo}/push?tag=${tag}`, 200, registry.login);
  const digest = /"Digest":"(sha256:[0-9a-f]{64})"/.exec(pushed)?.[1];
  if (digest === undefined) throw new Error(`The push of ${repo} failed: ${pushed}`);
  await removeImage(engine, `${repo}:${tag}`);
  return { reference: `${repo}:${tag}`, digestReference: `${repo}@${digest}` };
}

/** Removes an image, or one of its names; absent is success. */
export async function removeImage(engine: EngineAccess, reference: string): Promise<void> {
  const { socketPath } = engine;
  const { status, body } = await callEngine(socketPath, `/images/${reference}?force=true`, {
    method: 'DELETE',
  });
  if (status !== 200 && status !== 404) throw new Error(`${reference} was not removed: ${body}`);
}

/** The header by which an engine learns a login. It wants base64url *with* padding. */
export function registryAuth(login: RegistryLogin | undefined): { 'x-registry-auth': string } {
  const base64 = Buffer.from(JSON.stringify(login ?? {})).toString('base64');
  return { 'x-registry-auth': base64.replaceAll('+', '-').replaceAll('/', '_') };
}

async function post(
  { socketPath }: EngineAccess,
  path: string,
  expected: number,
  login?: RegistryLogin,
): Promise<string> {
  const { status, body } = await callEngine(socketPath, path, {
    method: 'POST',
    headers: registryAuth(login),
    timeoutMs: PUSH_TIMEOUT_MS,
  });
  if (status !== expected) throw new Error(`POST ${path} answered ${status}: ${body}`);
  return body;
}
