import type Docker from 'dockerode';
import type { ListedContainer } from '../engine.ts';
import { statusOf } from './container-state.ts';

const UNENDED = ['created', 'running', 'paused', 'restarting'];

/** Containers that carry all these labels. */
export async function listContainers(
  docker: Docker,
  labels: Readonly<Record<string, string>>,
  which: 'all' | 'unended',
  abortSignal: AbortSignal,
): Promise<ListedContainer[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const filters = which === 'all' ? { label } : { label, status: UNENDED };
  const found = await docker.listContainers({ all: true, filters, abortSignal });
  return found.map(({ Id, Labels, State, Created }) => ({
    id: Id,
    labels: Labels,
    status: statusOf(State),
    createdAt: Created * 1000,
  }));
}
