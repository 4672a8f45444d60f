import { busyboxFiles, callEngine, importImages } from '@conjob/provision';

/** An image of its own with a shell and a file of this size. `tags` beyond the first name the same one. */
export async function importTinyImage(
  socketPath: string,
  tags: readonly [string, ...string[]],
  fileBytes: number,
): Promise<void> {
  // What no other image has: layers are told apart by their content.
  const content = Buffer.alloc(fileBytes, `${tags[0]}\n`);
  const config = { Cmd: ['sh'], Labels: { tags: tags.join() } };
  const files = [...(await busyboxFiles()), { path: 'filling', content }];
  await importImages(
    socketPath,
    files,
    tags.map((tag) => ({ tag, config })),
  );
}

/** `tag`: the image `from`, and one more layer, with so many bytes that no registry makes smaller. */
export async function importLargerImage(
  socketPath: string,
  from: string,
  tag: string,
  fileBytes: number,
): Promise<void> {
  const post = async (path: string, json: object = {}): Promise<{ readonly Id: string }> => {
    const { status, body } = await callEngine(socketPath, path, { method: 'POST', json });
    if (status >= 300) throw new Error(`POST ${path} answered ${status}: ${body}`);
    return JSON.parse(body || '{}');
  };
  const { Id } = await post('/containers/create', {
    Image: from,
    Cmd: ['sh', '-c', `head -c ${fileBytes} /dev/urandom > /random`],
    HostConfig: { NetworkMode: 'none' },
  });
  await post(`/containers/${Id}/start`);
  await post(`/containers/${Id}/wait`);
  const [, repo = tag, name = 'latest'] = /^(.+):([^:]+)$/.exec(tag) ?? [];
  await post(`/commit?${new URLSearchParams({ container: Id, repo, tag: name })}`, { Cmd: ['sh'] });
  await callEngine(socketPath, `/containers/${Id}`, { method: 'DELETE' });
}

/** Containers of other test files are on the same engine: only volumes of these names. */
export async function listVolumes(socketPath: string, prefix: string): Promise<string[]> {
  const { body } = await callEngine(socketPath, '/volumes');
  const { Volumes } = JSON.parse(body) as { Volumes: readonly { Name: string }[] | null };
  return (Volumes ?? []).map(({ Name }) => Name).filter((name) => name.startsWith(prefix));
}
