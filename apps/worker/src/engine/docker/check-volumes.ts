import type Docker from 'dockerode';
import { EngineError, type NamedVolume } from '../engine.ts';
import { absentAsNull } from './absent-as-null.ts';
import { withDeadline } from './deadline.ts';

/**
 * Throws `volume.not_ours` for a volume that exists, but without the labels that it would be made with. The
 * engine itself mounts whatever has the name.
 */
export async function checkVolumes(
  docker: Docker,
  volumes: readonly NamedVolume[],
  deadlineMs: number,
): Promise<void> {
  for (const { name, labels } of volumes) {
    const found = await findVolume(docker, name, deadlineMs);
    if (found === null) continue;
    const isOurs = Object.entries(labels).every(([label, value]) => found.labels[label] === value);
    if (!isOurs) throw new EngineError('volume.not_ours', name);
  }
}

/** The labels of a volume; null when there is none of that name. */
export async function findVolume(
  docker: Docker,
  name: string,
  deadlineMs: number,
): Promise<{ readonly labels: Readonly<Record<string, string>> } | null> {
  const found = await absentAsNull(
    withDeadline(deadlineMs, 'other', (abortSignal) =>
      docker.getVolume(name).inspect({ abortSignal }),
    ),
  );
  return found && { labels: found.Labels ?? {} };
}
