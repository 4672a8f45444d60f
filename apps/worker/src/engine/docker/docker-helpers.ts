import type { Duplex, Readable } from 'node:stream';
import type Docker from 'dockerode';
import { type ContainerId, EngineError } from '../engine.ts';
import type { HelperFile, HelperSpec, Helpers, HelperView } from '../helpers.ts';
import { mount } from './container-options.ts';
import { withDeadline } from './deadline.ts';
import { dial, get } from './dial.ts';
import { DockerHelperView } from './docker-helper-view.ts';
import { HELPER_IMAGE, helperArchive } from './helper-image/archive.ts';
import { removeVolume } from './remove-volume.ts';
import { tar } from './tar.ts';

const LOOK_MS = 10_000;
const WORK_MS = 60_000;

/** {@link Helpers} by dockerode. */
export class DockerHelpers implements Helpers {
  readonly image = HELPER_IMAGE;
  readonly #docker: Docker;
  #loading: Promise<void> | undefined;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Who comes while it is made waits for that. */
  ensureImage(): Promise<void> {
    this.#loading ??= this.#ensureImage().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async start(spec: HelperSpec): Promise<ContainerId> {
    const id = await this.#create(spec).catch(async (error: unknown) => {
      if (!(error instanceof EngineError) || error.code !== 'image.not_local') throw error;
      await this.ensureImage();
      return this.#create(spec);
    });
    try {
      await withDeadline(WORK_MS, 'start', (abortSignal) =>
        this.#docker.getContainer(id).start({ abortSignal }),
      );
    } catch (error) {
      await withDeadline(WORK_MS, 'other', (abortSignal) =>
        this.#docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
      ).catch(() => {});
      throw error;
    }
    return id;
  }

  async openView(helper: ContainerId): Promise<HelperView> {
    const options = { stream: true, stdin: true, stdout: true, stderr: false, hijack: true };
    const socket = await withDeadline(
      LOOK_MS,
      'other',
      async (abortSignal) =>
        (await this.#docker.getContainer(helper).attach({ ...options, abortSignal })) as Duplex,
      (late) => late.destroy(),
    );
    return new DockerHelperView(socket, LOOK_MS);
  }

  async putFile(helper: ContainerId, { folder, name, ...file }: HelperFile): Promise<void> {
    const archive = tar([{ path: name, ...file }]);
    await withDeadline(WORK_MS, 'create', (abortSignal) =>
      dial<unknown>(this.#docker.modem, {
        path: `/containers/${helper}/archive?`,
        method: 'PUT',
        options: { _query: { path: folder }, _body: {} },
        file: archive as never,
        abortSignal,
        statusCodes: { 200: true, 404: 'no such folder', 500: 'server error' },
      }),
    );
  }

  removeVolume(name: string): Promise<boolean> {
    return removeVolume(this.#docker, name, WORK_MS);
  }

  async #ensureImage(): Promise<void> {
    const { Arch } = await withDeadline(LOOK_MS, 'other', (abortSignal) =>
      get<{ readonly Arch: string }>(this.#docker.modem, '/version', abortSignal),
    );
    const archive = helperArchive(Arch);
    if (archive === undefined) {
      throw new EngineError('engine.failed', `there is no helper program for ${Arch}`);
    }
    await withDeadline(WORK_MS, 'create', async (abortSignal) => {
      const body = await dial<Readable>(this.#docker.modem, {
        path: '/images/load?',
        method: 'POST',
        options: { _query: { quiet: true }, _body: {} },
        file: archive as never,
        abortSignal,
        isStream: true,
        statusCodes: { 200: true, 500: 'server error' },
      });
      throwFailure(String(Buffer.concat(await body.toArray())));
    });
  }

  async #create({ name, labels, network, volumes, runtime }: HelperSpec): Promise<ContainerId> {
    const container = await withDeadline(WORK_MS, 'create', (abortSignal) =>
      this.#docker.createContainer({
        _query: { name },
        _body: {
          Image: HELPER_IMAGE,
          User: '65534:65534',
          Labels: { ...labels },
          // By what comes in, it is asked what it sees.
          OpenStdin: true,
          HostConfig: {
            NetworkMode: network,
            ...(runtime === undefined ? {} : { Runtime: runtime }),
            ReadonlyRootfs: true,
            CapDrop: ['ALL'],
            SecurityOpt: ['no-new-privileges'],
            LogConfig: { Type: 'none' },
            Mounts: volumes.map(mount),
          },
        },
        abortSignal,
      } as object),
    );
    return container.id;
  }
}

/** An error may come as a message inside of a successful answer. */
function throwFailure(body: string): void {
  const failure = body.split('\n').find((line) => /"error"\s*:/.test(line));
  if (failure === undefined) return;
  const { error } = JSON.parse(failure) as { readonly error: string };
  throw Object.assign(new Error(error), { statusCode: 500 });
}
