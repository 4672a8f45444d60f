import { readFileSync } from 'node:fs';
import type { Cluster } from '../cluster/cluster.ts';

const LOOK_MS = 250;
const KIB = 1024;

/** Follows the largest resident size that any process of the product ever had. */
export class MemoryWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #cluster: Cluster;
  #peakBytes = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  stop(): void {
    this.#look();
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const part of [...this.#cluster.apis, ...this.#cluster.workers]) {
      this.#peakBytes = Math.max(this.#peakBytes, peakOf(part.process.pid));
    }
  }
}

/** The kernel keeps each process' own peak; 0 when it is gone. */
function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
  } catch {
    return 0;
  }
}
