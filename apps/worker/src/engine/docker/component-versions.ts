import type Docker from 'dockerode';
import { withDeadline } from './deadline.ts';
import { get } from './dial.ts';

const LOOK_MS = 10_000;

interface DockerVersion {
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[] | null;
}

/** Of what an engine is made, with versions: `Engine`, `containerd`, `runc`. */
export async function componentVersions(docker: Docker): Promise<Readonly<Record<string, string>>> {
  const { Components } = await withDeadline(LOOK_MS, 'other', (abortSignal) =>
    get<DockerVersion>(docker.modem, '/version', abortSignal),
  );
  return Object.fromEntries((Components ?? []).map(({ Name, Version }) => [Name, Version]));
}
