import { canonicalImage, parseImageReference } from '@conjob/shared';
import type Docker from 'dockerode';
import type { StoredImage, StoredVolume, Upkeep, VolumeHolder } from '../upkeep.ts';
import { findVolume } from './check-volumes.ts';
import { withDeadline } from './deadline.ts';
import { dial } from './dial.ts';
import { removeVolume } from './remove-volume.ts';

const LOOK_MS = 10_000;
const WORK_MS = 60_000;

/** Of an image without any. */
const NO_TAG = '<none>:<none>';

interface ImageSummary {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Size: number;
}

interface VolumeSummary {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** {@link Upkeep} by dockerode. */
export class DockerUpkeep implements Upkeep {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  async now(): Promise<number> {
    const { SystemTime } = await this.#get<{ SystemTime: string }>('/info');
    return Date.parse(SystemTime);
  }

  async images(): Promise<StoredImage[]> {
    const [images, containers] = await Promise.all([
      this.#get<ImageSummary[]>('/images/json'),
      this.#get<{ ImageID: string }[]>('/containers/json', { all: true }),
    ]);
    const used = new Set(containers.map(({ ImageID }) => ImageID));
    return images.map(({ Id, RepoTags, Size }) => ({
      id: Id,
      tags: (RepoTags ?? []).filter((tag) => tag !== NO_TAG).map(canonical),
      sizeBytes: Size,
      isUsed: used.has(Id),
    }));
  }

  async volumes(labels: Readonly<Record<string, string>>): Promise<StoredVolume[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const { Volumes } = await this.#get<{ Volumes: VolumeSummary[] | null }>('/volumes', {
      filters: { label },
    });
    return (Volumes ?? []).map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
  }

  async hasVolume(name: string): Promise<boolean> {
    return (await findVolume(this.#docker, name, LOOK_MS)) !== null;
  }

  async holdersOf(volume: string): Promise<VolumeHolder[]> {
    const query = { all: true, filters: { volume: [volume] } };
    const found = await this.#get<ContainerSummary[]>('/containers/json', query);
    return found.map(({ Id, Names, Labels }) => ({
      id: Id,
      name: Names[0]?.slice(1) ?? Id,
      labels: Labels ?? {},
    }));
  }

  removeVolume(name: string): Promise<boolean> {
    return removeVolume(this.#docker, name, WORK_MS);
  }

  /** By the lower layer: the client's own methods for these can't be given up, or rewrite the answer. */
  async #get<Answer>(path: string, query: object = {}): Promise<Answer> {
    return withDeadline(LOOK_MS, 'other', (abortSignal) =>
      dial<Answer>(this.#docker.modem, {
        // The question mark asks the client to append the options.
        path: `${path}?`,
        options: query,
        method: 'GET',
        abortSignal,
        statusCodes: { 200: true, 500: 'server error' },
      }),
    );
  }
}

/** The engine shortens names: `alpine:latest` for `docker.io/library/alpine:latest`. */
function canonical(tag: string): string {
  return canonicalImage(parseImageReference(tag));
}
