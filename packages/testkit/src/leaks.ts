import { callEngine, type ProcessEntry, processTable } from '@conjob/provision';

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** On the containers that workers make for themselves, and keep as long as they live. */
const HELPER = 'conjob.helper-of';

/** The containers of jobs that ConJob made (labelled `conjob.…`), whatever their state; or its helpers as well. */
export async function listContainers(
  engine: { readonly socketPath: string },
  { withHelpers = false } = {},
): Promise<ListedContainer[]> {
  const { body } = await callEngine(engine.socketPath, '/containers/json?all=true');
  return (JSON.parse(body) as ContainerSummary[])
    .map(({ Id, Names, Image, State, Labels }) => ({
      id: Id,
      name: Names[0]?.slice(1) ?? Id,
      image: Image,
      state: State,
      labels: Labels ?? {},
    }))
    .filter(({ labels }) => Object.keys(labels).some((label) => label.startsWith('conjob.')))
    .filter(({ labels }) => withHelpers || labels[HELPER] === undefined);
}

/** The living descendants of this process. */
export function childProcesses(ofPid: number = process.pid): ProcessEntry[] {
  const table = processTable();
  const descend = (parentPid: number): ProcessEntry[] =>
    table
      .filter((entry) => entry.parentPid === parentPid)
      .flatMap((entry) => [entry, ...descend(entry.pid)]);
  return descend(ofPid);
}

/** How many of each kind of thing keep this process alive: sockets, servers, timers, children. */
export function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Removes a container whatever its state; absent is success. */
export async function removeContainer(
  engine: { readonly socketPath: string },
  id: string,
): Promise<void> {
  await callEngine(engine.socketPath, `/containers/${id}?force=true&v=true`, { method: 'DELETE' });
}
