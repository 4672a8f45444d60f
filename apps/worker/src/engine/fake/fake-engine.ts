import {
  type Attachment,
  type AttachOptions,
  type ContainerId,
  type ContainerSpec,
  type ContainerState,
  type Engine,
  type EngineDescription,
  EngineError,
  type ExitCondition,
  type ExitWatch,
  type ListedContainer,
  type LocalImage,
  type PullOptions,
  type RecalledEnd,
} from '../engine.ts';
import type { HelperSpec } from '../helpers.ts';
import { commandLine } from './command-line.ts';
import type { FakeContainer } from './fake-container.ts';
import { FakeContainers } from './fake-containers.ts';
import { fakeDescription } from './fake-description.ts';
import { FakeHelpers } from './fake-helpers.ts';
import { FakeImages } from './fake-images.ts';
import { FakeUpkeep } from './fake-upkeep.ts';
import { FakeVolumes } from './fake-volumes.ts';
import { HELPER_STEPS, helperContainer } from './helper-container.ts';
import { parseCommand } from './script.ts';

const USERS = /^(root|nobody|user|\d+)(:\w+)?$/;

/**
 * An engine in memory, for tests and simulations: keeps the contract of {@link Engine}, runs what
 * `parseCommand` understands, and takes no time but what a container sleeps.
 */
export class FakeEngine implements Engine {
  readonly images = new FakeImages();
  readonly helpers: FakeHelpers;
  readonly upkeep: FakeUpkeep;
  readonly #volumes = new FakeVolumes();
  readonly #id: string;
  readonly #containers: FakeContainers;
  #away: 'no' | 'refusing' | 'mute' = 'no';
  #isFull = false;
  #back = Promise.withResolvers<void>();

  constructor(id = 'fake') {
    this.#id = id;
    this.#containers = new FakeContainers(id);
    const host = {
      images: this.images,
      volumes: this.#volumes,
      beThere: () => this.#beThere(),
      haveSpace: () => this.#haveSpace(),
      find: (idOrName: string) => this.#containers.find(idOrName),
      startHelper: (spec: HelperSpec) => this.#startHelper(spec),
      containers: () => this.#containers.all(),
    };
    this.helpers = new FakeHelpers(host);
    this.upkeep = new FakeUpkeep(host);
  }

  /** Containers that exist, whatever their state. */
  get containerCount(): number {
    return this.#containers.size;
  }

  /** Containers live on; connections end, new calls fail at once, or with `mute` when it is back. */
  goAway({ mute = false } = {}): void {
    this.#away = mute ? 'mute' : 'refusing';
    if (mute) return;
    for (const container of this.#containers.all()) container.cutOff();
  }

  comeBack(): void {
    this.#away = 'no';
    for (const container of this.#containers.all()) container.seeAgain();
    this.#back.resolve();
    this.#back = Promise.withResolvers<void>();
  }

  /** Nothing can be made until there is space again. */
  fillDisk(): void {
    this.#isFull = true;
  }

  freeDisk(): void {
    this.#isFull = false;
  }

  /** Ends a container from outside, as the host's kernel could. */
  kill(idOrName: string): void {
    this.#containers.find(idOrName)?.kill();
  }

  async ping(): Promise<void> {
    await this.#beThere();
  }

  async probeSpace(): Promise<void> {
    await this.#beThere();
    this.#haveSpace();
  }

  async describe(): Promise<EngineDescription> {
    await this.#beThere();
    return fakeDescription(this.#id);
  }

  async findImage(reference: string): Promise<LocalImage | null> {
    await this.#beThere();
    return this.images.find(reference) ?? null;
  }

  async pull(reference: string, options: PullOptions): Promise<void> {
    await this.#beThere();
    await this.images.pull(reference, options);
  }

  async checkLogin(): Promise<void> {
    await this.#beThere();
  }

  async removeImage(reference: string): Promise<boolean> {
    await this.#beThere();
    const image = this.images.find(reference);
    const users = this.#containers.all().filter(({ imageId }) => imageId === image?.id);
    if (image === undefined || users.length > 0) return false;
    this.images.remove(reference);
    return true;
  }

  async create(spec: ContainerSpec): Promise<ContainerId> {
    await this.#beThere();
    this.#haveSpace();
    const image = this.images.find(spec.image);
    if (image === undefined)
      throw new EngineError('image.not_local', `No such image ${spec.image}`);
    if (commandLine(spec, image).length === 0) {
      throw new EngineError('run.refused', 'No command specified');
    }
    this.#volumes.ensure(spec.volumes);
    return this.#containers.make(spec, image.id).id;
  }

  async attach(id: ContainerId, { input }: AttachOptions): Promise<Attachment> {
    return (await this.#get(id)).attach(input);
  }

  async watchExit(id: ContainerId, condition: ExitCondition): Promise<ExitWatch> {
    return (await this.#get(id)).watchExit(condition);
  }

  async start(id: ContainerId): Promise<void> {
    const container = await this.#get(id);
    const { spec } = container;
    const argv = commandLine(spec, this.images.find(spec.image) ?? {});
    const { user } = spec.sandbox;
    if (user !== null && !USERS.test(user)) {
      throw new EngineError('run.unknown_user', `unable to find user ${user}`);
    }
    this.helpers.join(spec);
    const read = (path: string) => this.#volumes.read(spec.volumes, path);
    container.start(parseCommand(argv, { env: spec.env, read }));
    this.#volumes.mount(spec.volumes, container.ended);
  }

  async stop(id: ContainerId, graceSeconds: number): Promise<void> {
    await this.#beThere();
    await this.#containers.find(id)?.stop(graceSeconds);
  }

  async followOutput(id: ContainerId): Promise<Attachment> {
    return (await this.#get(id)).followOutput();
  }

  async inspect(id: ContainerId): Promise<ContainerState | null> {
    await this.#beThere();
    return this.#containers.find(id)?.state ?? null;
  }

  async recallEnd(id: ContainerId): Promise<RecalledEnd> {
    await this.#beThere();
    return this.#containers.find(id)?.recalledEnd ?? 'unknown';
  }

  async wasRestartedSince(id: ContainerId): Promise<boolean> {
    await this.#beThere();
    return this.#containers.find(id)?.wasCutOff ?? false;
  }

  async remove(idOrName: string): Promise<void> {
    await this.#beThere();
    const container = this.#containers.find(idOrName);
    if (container === undefined) return;
    container.kill();
    container.cutOff();
    this.#containers.delete(container);
  }

  async list(
    labels: Readonly<Record<string, string>>,
    which: 'all' | 'unended' = 'all',
  ): Promise<ListedContainer[]> {
    await this.#beThere();
    return this.#containers
      .all()
      .filter(({ state }) => which === 'all' || state.status !== 'exited')
      .filter(({ spec }) =>
        Object.entries(labels).every(([name, value]) => spec.labels[name] === value),
      )
      .map(({ id, spec, state, createdAt }) => ({
        id,
        labels: spec.labels,
        status: state.status,
        createdAt,
      }));
  }

  async #beThere(): Promise<void> {
    if (this.#away === 'no') return;
    if (this.#away === 'mute') await this.#back.promise;
    throw new EngineError('engine.unavailable', 'the engine does not answer');
  }

  #haveSpace(): void {
    if (this.#isFull) throw new EngineError('engine.no_space', 'no space left on device');
  }

  #startHelper(spec: HelperSpec): FakeContainer {
    this.#volumes.ensure(spec.volumes);
    const container = this.#containers.make(helperContainer(spec), 'helper');
    container.start(HELPER_STEPS);
    this.#volumes.mount(spec.volumes, container.ended);
    return container;
  }

  async #get(id: ContainerId): Promise<FakeContainer> {
    await this.#beThere();
    const container = this.#containers.find(id);
    if (container === undefined) throw new EngineError('engine.failed', `No such container ${id}`);
    return container;
  }
}
