import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { ContainerCreateOptions } from 'dockerode';

export interface BareRun {
  /** Until exit code and output were known. */
  readonly knownMs: number;
  /** Until the container was removed as well. */
  readonly removedMs: number;
  /** In ms, as ConJob divides it: create (with the start), run. */
  readonly parts: Readonly<Record<string, number>>;
}

export type OutputSink = (frames: AsyncIterable<Buffer>) => Promise<unknown>;

/**
 * The least that a job costs on this engine: create → attach ∥ wait → start → exit and end of output
 * → remove. Any other order loses output or exits; `options` come from {@link likeConJob}.
 */
export async function runBare(
  docker: Docker,
  options: ContainerCreateOptions,
  sink: OutputSink,
): Promise<BareRun> {
  const begin = performance.now();
  const container = await docker.createContainer(options);
  let startedMs = 0;
  try {
    const [socket, exit] = await Promise.all([
      container.attach({
        stream: true,
        stdout: true,
        stderr: true,
        hijack: true,
      }) as Promise<unknown> as Promise<Duplex>,
      nextExit(docker, container.id),
    ]);
    socket.on('error', () => {});
    const read = sink(socket);
    await container.start();
    startedMs = performance.now() - begin;
    const [code] = await Promise.all([exitCode(exit), read]);
    if (code !== 0) throw new Error(`the bare container ended with ${code}`);
  } catch (error) {
    await container.remove({ force: true, v: true }).catch(() => {});
    throw error;
  }
  const knownMs = performance.now() - begin;
  await container.remove({ force: true, v: true });
  const parts = { create: startedMs, run: knownMs - startedMs };
  return { knownMs, removedMs: performance.now() - begin, parts };
}

/** Resolves at the headers of the answer: from then on no exit can be missed. */
function nextExit(docker: Docker, id: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: `/containers/${id}/wait?`,
        method: 'POST',
        isStream: true,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        options: { _query: { condition: 'next-exit' }, _body: {} },
      },
      (error, answer) => (error ? reject(error as Error) : resolve(answer as IncomingMessage)),
    );
  });
}

async function exitCode(answer: IncomingMessage): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return (JSON.parse(Buffer.concat(chunks).toString()) as { StatusCode: number }).StatusCode;
}
