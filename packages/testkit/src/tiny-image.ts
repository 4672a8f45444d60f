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

/** Containers of other test files are on the same engine: only volumes of these names. */
export async function listVolumes(socketPath: string, prefix: string): Promise<string[]> {
  const { body } = await callEngine(socketPath, '/volumes');
  const { Volumes } = JSON.parse(body) as { Volumes: readonly { Name: string }[] | null };
  return (Volumes ?? []).map(({ Name }) => Name).filter((name) => name.startsWith(prefix));
}
