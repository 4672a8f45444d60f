/** How one program gets onto a machine. */
export interface BinarySource {
  /** Debian and Ubuntu packages, installed without their recommendations. */
  readonly apt: readonly string[];
  readonly dnf: string;
  /** What to do on macOS, as a command, or in words where there is none. */
  readonly macos: string;
}

/** Every program this package can start or call, and where it comes from. */
export const CATALOGUE = {
  'redis-server': { apt: ['redis-server'], dnf: 'redis', macos: 'brew install redis' },
  // containerd, runc, tini (docker-init) and iptables are hard dependencies of docker.io.
  dockerd: { apt: ['docker.io', 'iptables'], dnf: 'moby-engine', macos: 'install Docker Desktop' },
  crun: { apt: ['crun'], dnf: 'crun', macos: 'not needed with Docker Desktop' },
  iptables: { apt: ['iptables'], dnf: 'iptables-nft', macos: 'not needed with Docker Desktop' },
  ip: { apt: ['iproute2'], dnf: 'iproute', macos: 'not needed with Docker Desktop' },
  busybox: { apt: ['busybox-static'], dnf: 'busybox', macos: 'not needed with Docker Desktop' },
  'docker-registry': {
    apt: ['docker-registry'],
    dnf: 'docker-distribution',
    macos: 'not packaged; needed by the tests only',
  },
  'docker-compose': {
    apt: ['docker-compose'],
    dnf: 'docker-compose',
    macos: 'part of Docker Desktop',
  },
  nginx: { apt: ['nginx'], dnf: 'nginx', macos: 'brew install nginx' },
  htpasswd: { apt: ['apache2-utils'], dnf: 'httpd-tools', macos: 'part of macOS' },
  curl: { apt: ['curl'], dnf: 'curl', macos: 'part of macOS' },
  // It brings libnss3, which a browser of the tests needs.
  certutil: { apt: ['libnss3-tools'], dnf: 'nss-tools', macos: 'brew install nss' },
  openssl: { apt: ['openssl'], dnf: 'openssl', macos: 'part of macOS' },
} as const satisfies Record<string, BinarySource>;

export type BinaryName = keyof typeof CATALOGUE;

/** The Debian packages that bring `names`, each once. */
export function aptPackages(names: readonly BinaryName[]): string[] {
  return [...new Set(names.flatMap((name) => [...CATALOGUE[name].apt]))];
}
