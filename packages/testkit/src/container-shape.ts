import { isDeepStrictEqual } from 'node:util';

/** What the engine says of a container: `GET /containers/{id}/json`. */
export interface InspectedContainer {
  readonly Name: string;
  readonly Config: {
    readonly User: string;
    readonly Labels: Readonly<Record<string, string>> | null;
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string }[];
}

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const MEBIBYTE = 1024 * 1024;
const DROPPED = ['AUDIT_WRITE', 'MKNOD', 'NET_RAW'];
/** Where the engine's own files would tell of the host, or change it. */
const MASKED = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const is = (...values: readonly unknown[]): Check => {
  return (value) => values.some((allowed) => isDeepStrictEqual(value, allowed));
};
const isNothing: Check = (value) =>
  value === null ||
  value === undefined ||
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
const isAtLeast =
  (minimum: number): Check =>
  (value) =>
    typeof value === 'number' && value >= minimum;
const isWithin =
  (minimum: number, maximum: number): Check =>
  (value) =>
    isAtLeast(minimum)(value) && (value as number) <= maximum;
const isSetOf =
  (...names: readonly string[]): Check =>
  (value) =>
    Array.isArray(value) && isDeepStrictEqual(value.toSorted(), names.toSorted());
const holds =
  (...names: readonly string[]): Check =>
  (value) =>
    Array.isArray(value) && names.every((name) => value.includes(name));
const isText =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

/** Volumes of ours, by name. No folder of the host. */
const isOwnMount = (mount: { Type?: string; Source?: string }): boolean =>
  mount.Type === 'volume' && /^conjob-/.test(mount.Source ?? '');

/** Whatever is not named must be nothing: what a newer engine adds, too. */
const EVERY: Shape = {
  LogConfig: (value) => ['local', 'none'].includes((value as { Type: string }).Type),
  Mounts: (value) => isNothing(value) || (value as { Type: string }[]).every(isOwnMount),
  RestartPolicy: (value) => ['no', ''].includes((value as { Name: string }).Name),
  IpcMode: is('private', 'shareable'),
  CgroupnsMode: is('private'),
  ShmSize: is(64 * MEBIBYTE),
  ConsoleSize: is([0, 0]),
  Runtime: isText(/./),
  MaskedPaths: holds(...MASKED),
  ReadonlyPaths: holds(...READ_ONLY),
};

/** `container:` is the network of a helper, which has a shape of its own. */
const NETWORK: Check = isText(/^(none|bridge|container:[0-9a-f]{64})$/);

const LIMITED: Shape = {
  ...EVERY,
  SecurityOpt: is(['no-new-privileges']),
  Init: is(false, true),
  Memory: isAtLeast(6 * MEBIBYTE),
  MemorySwap: isAtLeast(6 * MEBIBYTE),
  NanoCpus: isAtLeast(0),
  PidsLimit: isWithin(1, 512),
};

const SHAPES = {
  default: { ...LIMITED, NetworkMode: NETWORK, CapDrop: isSetOf(...DROPPED) },
  untrusted: {
    ...LIMITED,
    NetworkMode: isText(/^(none|container:[0-9a-f]{64})$/),
    CapDrop: is(['ALL']),
    ReadonlyRootfs: is(true),
    Tmpfs: (value) => Object.values(value as object).every(isText(/^size=\d+$/)),
  },
  /** As in `docker run`; what the job asks for beside. */
  trusted: {
    ...LIMITED,
    NetworkMode: NETWORK,
    CgroupnsMode: is('host', 'private'),
    SecurityOpt: isNothing,
    Memory: isAtLeast(0),
    MemorySwap: isAtLeast(0),
    PidsLimit: () => true,
  },
  /** Ours: it does nothing but be there. */
  helper: {
    ...EVERY,
    CgroupnsMode: is('host', 'private'),
    NetworkMode: is('none', 'bridge'),
    SecurityOpt: is(['no-new-privileges']),
    CapDrop: is(['ALL']),
    ReadonlyRootfs: is(true),
  },
} as const satisfies Record<string, Shape>;

/** In what a container is not of the shape that its profile allows; nothing when all is well. */
export function shapeFaults(container: InspectedContainer): string[] {
  const { Config, HostConfig, Mounts } = container;
  const labels = Config.Labels ?? {};
  // What tries a runtime is a helper in the sandbox of a job.
  const unnamed = 'conjob.helper' in labels ? 'helper' : 'default';
  const kind = labels['conjob.profile'] ?? unnamed;
  const shape: Shape | undefined = SHAPES[kind as keyof typeof SHAPES];
  if (shape === undefined) return [`has no known profile: ${kind}`];
  const names = new Set([...Object.keys(HostConfig), ...Object.keys(shape)]);
  const faults = [...names].flatMap((name) => {
    const check = shape[name] ?? isNothing;
    return check(HostConfig[name]) ? [] : [`${name} is ${JSON.stringify(HostConfig[name])}`];
  });
  // An anonymous one of an image has 64 digits.
  const isOurs = (name = '') => /^conjob-|^[0-9a-f]{64}$/.test(name);
  const strange = Mounts.filter(
    ({ Type, Name }) => Type !== 'tmpfs' && !(Type === 'volume' && isOurs(Name)),
  );
  if (strange.length > 0) faults.push(`mounts ${JSON.stringify(strange)}`);
  const isNobody = /^[1-9]\d*:[1-9]\d*$/.test(Config.User);
  if ((kind === 'untrusted' || kind === 'helper') && !isNobody)
    faults.push(`runs as ${Config.User}`);
  return faults.map((fault) => `${kind}: ${fault}`);
}
