import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine, type EngineReply } from '@conjob/provision';
import { type InspectedContainer, shapeFaults } from './container-shape.ts';

const RECONNECT_MS = 50;
const FILTERS = { type: ['container'], event: ['create', 'start'] };

interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: number;
}

/**
 * Looks at every container of an engine that ConJob makes, from outside and as soon as it is made: each must
 * have the shape that its profile allows. An engine that is restarted is followed on.
 */
export class ContainerWitness {
  readonly #socketPath: string;
  readonly #faults: string[] = [];
  readonly #looks: Promise<void>[] = [];
  readonly #started = new Set<string>();
  readonly #followed: Promise<void>;
  #events: ClientRequest | undefined;
  #sinceNano = 0;
  #ended = false;
  #looked = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#followed = this.#follow();
  }

  /** How many it has looked at so far. */
  get looked(): number {
    return this.#looked;
  }

  /** Stops looking, and tells what was wrong. */
  async end(): Promise<readonly string[]> {
    this.#ended = true;
    this.#events?.destroy();
    await this.#followed;
    await Promise.all(this.#looks);
    return this.#faults;
  }

  async #follow(): Promise<void> {
    while (!this.#ended) {
      await this.#readEvents().catch(() => {});
      if (!this.#ended) await sleep(RECONNECT_MS);
    }
  }

  async #readEvents(): Promise<void> {
    const since = this.#sinceNano / 1e9;
    const query = new URLSearchParams({
      filters: JSON.stringify(FILTERS),
      since: since.toFixed(9),
    });
    const path = `/events?${query}`;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const events = request({ socketPath: this.#socketPath, path, agent: false }, resolve);
    events.on('error', reject).end();
    this.#events = events;
    if (this.#ended) events.destroy();
    const lines = createInterface({ input: await promise });
    for await (const line of lines) this.#note(JSON.parse(line) as EngineEvent);
  }

  #note({ Action, Actor, timeNano }: EngineEvent): void {
    this.#sinceNano = timeNano + 1;
    if (!isOurs(Actor.Attributes)) return;
    if (Action === 'start') this.#started.add(Actor.ID);
    else this.#looks.push(this.#look(Actor.ID));
  }

  async #look(id: string): Promise<void> {
    const reply = await this.#inspect(id);
    if (reply?.status !== 200) {
      // Only one that never ran may go by unseen, or one that went with its engine.
      if (reply !== null && this.#started.has(id)) this.#faults.push(`${id} ran, and was not seen`);
      return;
    }
    const container = JSON.parse(reply.body) as InspectedContainer;
    const faults = shapeFaults(container);
    this.#faults.push(...faults.map((fault) => `${container.Name} ${fault}`));
    this.#looked += 1;
  }

  /** Null when the engine went, and nobody waits for it any more. */
  async #inspect(id: string): Promise<EngineReply | null> {
    const path = `/containers/${id}/json`;
    while (true) {
      const reply = await callEngine(this.#socketPath, path).catch(() => null);
      if (reply !== null || this.#ended) return reply;
      await sleep(RECONNECT_MS);
    }
  }
}

/** A test that makes a container itself, to look like one of ConJob, says so. */
function isOurs(labels: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(labels);
  return names.some((name) => name.startsWith('conjob.')) && !names.includes('conjob.by-hand');
}
