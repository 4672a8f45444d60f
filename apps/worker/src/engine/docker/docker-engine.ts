import type { Duplex, Readable } from 'node:stream';
import { notePassedOutput } from '@conjob/shared';
import type Docker from 'dockerode';
import { authConfig, type RegistryLogin } from '../../registry/registry-login.ts';
import type {
  Attachment,
  AttachOptions,
  ContainerId,
  ContainerSpec,
  ContainerState,
  Engine,
  EngineDescription,
  EngineError,
  ExitCondition,
  ExitWatch,
  ListedContainer,
  LocalImage,
  PullOptions,
  RecalledEnd,
} from '../engine.ts';
import { absentAsNull } from './absent-as-null.ts';
import { asNetworkGone } from './as-network-gone.ts';
import { checkVolumes } from './check-volumes.ts';
import { containerOptions } from './container-options.ts';
import { containerState } from './container-state.ts';
import { withDeadline } from './deadline.ts';
import { demux } from './demux.ts';
import { describeEngine } from './describe-engine.ts';
import { get, isSecure, withAgent, withoutReuse } from './dial.ts';
import { isConflict, isNotModified } from './docker-errors.ts';
import { recallEnd, wasRestartedSince } from './engine-memory.ts';
import { watchExit } from './exit-watch.ts';
import { findImage } from './find-image.ts';
import { listContainers } from './list-containers.ts';
import { OwnBuffer } from './own-buffer.ts';
import { probeSpace } from './probe-space.ts';
import { type LoginOf, pullImage } from './pull-image.ts';

export interface Deadlines {
  /** For calls that only read. */
  readonly lookMs: number;
  /** For calls that make the engine work: a busy host takes its time. */
  readonly workMs: number;
}

const DEADLINES: Deadlines = { lookMs: 10_000, workMs: 60_000 };

const noLogin: LoginOf = () => undefined;

interface Options {
  readonly deadlines?: Deadlines;
  readonly loginOf?: LoginOf;
}

/** A Docker engine by dockerode, API 1.41 and later. */
export class DockerEngine implements Engine {
  readonly #docker: Docker;
  readonly #deadlines: Deadlines;
  readonly #loginOf: LoginOf;

  constructor(docker: Docker, { deadlines = DEADLINES, loginOf = noLogin }: Options = {}) {
    this.#docker = docker;
    this.#deadlines = deadlines;
    this.#loginOf = loginOf;
  }

  async ping(): Promise<void> {
    await withDeadline(this.#deadlines.lookMs, 'other', (abortSignal) =>
      get<unknown>(withoutReuse(this.#docker.modem), '/_ping', abortSignal),
    );
  }

  async describe(): Promise<EngineDescription> {
    return withDeadline(this.#deadlines.lookMs, 'other', (abortSignal) =>
      describeEngine(this.#docker, abortSignal),
    );
  }

  async probeSpace(): Promise<void> {
    await probeSpace(this.#docker, this.#deadlines.workMs);
  }

  async findImage(reference: string): Promise<LocalImage | null> {
    return findImage(this.#docker, reference, this.#deadlines.lookMs);
  }

  async pull(reference: string, options: PullOptions): Promise<void> {
    await pullImage(this.#docker, reference, options, this.#loginOf);
  }

  async checkLogin(registry: string, login: RegistryLogin): Promise<void> {
    await withDeadline(this.#deadlines.lookMs, 'login', (abortSignal) =>
      this.#docker.checkAuth({ ...authConfig(registry, login), abortSignal }),
    );
  }

  async removeImage(reference: string): Promise<boolean> {
    const removed = await absentAsNull(
      withDeadline(this.#deadlines.workMs, 'image', (abortSignal) =>
        this.#docker.getImage(reference).remove({ abortSignal }),
      ),
      isConflict,
    );
    return removed !== null;
  }

  async create(spec: ContainerSpec): Promise<ContainerId> {
    const ownVolumes = () => checkVolumes(this.#docker, spec.volumes, this.#deadlines.lookMs);
    await ownVolumes();
    const container = await withDeadline(this.#deadlines.workMs, 'create', (abortSignal) =>
      this.#docker.createContainer({
        // Without these two the client writes the whole body into the URL as well.
        _query: { name: spec.name },
        _body: containerOptions(spec),
        abortSignal,
      } as object),
    ).catch((error: EngineError) => {
      throw asNetworkGone(error);
    });
    try {
      // A container holds its volumes: none of them can become another one any more.
      await ownVolumes();
    } catch (error) {
      await this.remove(container.id);
      throw error;
    }
    return container.id;
  }

  async attach(id: ContainerId, { input }: AttachOptions): Promise<Attachment> {
    const { modem } = this.#docker;
    // Not over TLS, where it lost bytes: what was decrypted already comes into the buffer also when nothing more is asked for.
    const ownBuffer = isSecure(modem) ? undefined : new OwnBuffer();
    const container = this.#docker.getContainer(id);
    if (ownBuffer !== undefined) {
      Object.assign(container, { modem: withAgent(modem, ownBuffer.agent) });
    }
    const socket = await withDeadline(
      this.#deadlines.lookMs,
      'other',
      async (abortSignal) =>
        (await container.attach({
          stream: true,
          stdout: true,
          stderr: true,
          stdin: input !== undefined,
          hijack: true,
          abortSignal,
        })) as Duplex,
      (late) => late.destroy(),
    );
    // A reset without a listener would end the process; the reader of the output learns of it too.
    socket.on('error', () => {});
    if (input !== undefined) socket.end(input);
    return {
      output: demux(ownBuffer?.reads(socket) ?? noted(socket)),
      destroy: () => socket.destroy(),
    };
  }

  async watchExit(id: ContainerId, condition: ExitCondition): Promise<ExitWatch> {
    return withDeadline(
      this.#deadlines.lookMs,
      'other',
      (abortSignal) => watchExit(this.#docker, id, condition, abortSignal),
      (late) => late.destroy(),
    );
  }

  async start(id: ContainerId): Promise<void> {
    await withDeadline(this.#deadlines.workMs, 'start', (abortSignal) =>
      this.#docker.getContainer(id).start({ abortSignal }),
    ).catch((error: EngineError) => {
      throw asNetworkGone(error, id);
    });
  }

  async stop(id: ContainerId, graceSeconds: number): Promise<void> {
    await absentAsNull(
      withDeadline(graceSeconds * 1000 + this.#deadlines.workMs, 'other', (abortSignal) =>
        this.#docker.getContainer(id).stop({ t: graceSeconds, abortSignal }),
      ),
      isNotModified,
    );
  }

  async followOutput(id: ContainerId): Promise<Attachment> {
    const response = await withDeadline(
      this.#deadlines.lookMs,
      'other',
      async (abortSignal) =>
        (await this.#docker
          .getContainer(id)
          .logs({ follow: true, stdout: true, stderr: true, abortSignal })) as unknown as Readable,
      (late) => late.destroy(),
    );
    response.on('error', () => {});
    return { output: demux(noted(response)), destroy: () => response.destroy() };
  }

  async inspect(id: ContainerId): Promise<ContainerState | null> {
    const container = await absentAsNull(
      withDeadline(this.#deadlines.lookMs, 'other', (abortSignal) =>
        this.#docker.getContainer(id).inspect({ abortSignal }),
      ),
    );
    return container && containerState(container.State);
  }

  async recallEnd(id: ContainerId): Promise<RecalledEnd> {
    const state = await this.inspect(id);
    if (state === null) return 'unknown';
    return withDeadline(this.#deadlines.lookMs, 'other', (abortSignal) =>
      recallEnd(this.#docker, id, state, abortSignal),
    );
  }

  async wasRestartedSince(id: ContainerId): Promise<boolean> {
    return withDeadline(this.#deadlines.lookMs, 'other', (abortSignal) =>
      wasRestartedSince(this.#docker, id, abortSignal),
    );
  }

  async remove(idOrName: string): Promise<void> {
    await absentAsNull(
      withDeadline(this.#deadlines.workMs, 'other', (abortSignal) =>
        this.#docker.getContainer(idOrName).remove({ force: true, v: true, abortSignal }),
      ),
      // Somebody else's removal is in progress: as good as ours.
      isConflict,
    );
  }

  async list(
    labels: Readonly<Record<string, string>>,
    which: 'all' | 'unended' = 'all',
  ): Promise<ListedContainer[]> {
    return withDeadline(this.#deadlines.lookMs, 'other', (abortSignal) =>
      listContainers(this.#docker, labels, which, abortSignal),
    );
  }
}

async function* noted(buffers: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const buffer of buffers) {
    notePassedOutput(buffer.length);
    yield buffer;
  }
}
