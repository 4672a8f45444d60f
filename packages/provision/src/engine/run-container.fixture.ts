import { callEngine } from './engine-api.ts';

interface Spec {
  readonly image: string;
  readonly command?: readonly string[];
  readonly network?: string;
  readonly runtime?: string;
}

/** Creates and starts a container; returns its id. */
export async function startContainer(socketPath: string, spec: Spec): Promise<string> {
  const created = await callEngine(socketPath, '/containers/create', {
    method: 'POST',
    json: {
      Image: spec.image,
      ...(spec.command === undefined ? {} : { Cmd: spec.command }),
      HostConfig: { NetworkMode: spec.network ?? 'none', Runtime: spec.runtime ?? '' },
    },
  });
  if (created.status !== 201) throw new Error(created.body);
  const { Id } = JSON.parse(created.body) as { Id: string };
  const started = await callEngine(socketPath, `/containers/${Id}/start`, { method: 'POST' });
  if (started.status !== 204) throw new Error(started.body);
  return Id;
}

/** Runs a container to its end and returns what it printed. */
export async function runContainer(socketPath: string, spec: Spec): Promise<string> {
  const id = await startContainer(socketPath, spec);
  await callEngine(socketPath, `/containers/${id}/wait`, { method: 'POST' });
  const { body } = await callEngine(socketPath, `/containers/${id}/logs?stdout=1&stderr=1`);
  await callEngine(socketPath, `/containers/${id}?force=1`, { method: 'DELETE' });
  // Each line has a frame header of eight bytes, its first one 1 or 2.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a header is made of
  return body.replace(/[\x01\x02]\0\0\0[\s\S]{4}/g, '');
}
