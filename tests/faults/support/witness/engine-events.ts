import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine } from '@conjob/provision';
import type { TestEngine } from '@conjob/testkit';
import { type ContainerEvent, openIntervals } from './intervals.ts';

interface EngineMessage {
  readonly Action: string;
  readonly timeNano: number;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

interface State {
  readonly State: { readonly Running: boolean; readonly FinishedAt: string };
}

const FILTERS = JSON.stringify({ type: ['container'], event: ['start', 'die', 'destroy'] });
const RECONNECT_MS = 100;
const NANOS = 1e6;

/**
 * Writes down when which container of a job started and died, as the engine itself tells it. An
 * engine that was restarted has forgotten its events: what became of its containers meanwhile is
 * then read from their state.
 */
export class EngineEvents {
  readonly events: ContainerEvent[] = [];
  readonly #engine: TestEngine;
  readonly #place: string;
  #since = Date.now() / 1000;
  #call: ClientRequest | undefined;
  #stopped = false;
  readonly #ended: Promise<void>;
  readonly #listening = Promise.withResolvers<void>();

  constructor(engine: TestEngine, place: string) {
    this.#engine = engine;
    this.#place = place;
    this.#ended = this.#follow();
  }

  /** Resolves once nothing that happens from now on is missed. */
  get listening(): Promise<void> {
    return this.#listening.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#call?.destroy();
    await this.#ended;
  }

  async #follow(): Promise<void> {
    for (let first = true; !this.#stopped; first = false) {
      try {
        const response = await this.#connect();
        if (!first) await this.#catchUp();
        this.#listening.resolve();
        for await (const line of createInterface({ input: response })) this.#note(line);
      } catch {
        // away, or restarting
      }
      if (!this.#stopped) await sleep(RECONNECT_MS);
    }
  }

  #connect(): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const since = this.#since.toFixed(9);
    this.#call = request({
      socketPath: this.#engine.socketPath,
      path: `/events?${new URLSearchParams({ since, filters: FILTERS })}`,
      agent: false,
    })
      .once('response', resolve)
      .on('error', reject);
    this.#call.end();
    return promise;
  }

  #note(line: string): void {
    const { Action, Actor, timeNano } = JSON.parse(line) as EngineMessage;
    const { 'conjob.job': job, 'conjob.attempt': attempt = '' } = Actor.Attributes;
    this.#since = (timeNano + 1) / 1e9;
    if (job === undefined) return;
    this.#add({ at: timeNano / NANOS, action: Action, container: Actor.ID, job, attempt });
  }

  /** Ends the intervals of containers whose death nobody told. */
  async #catchUp(): Promise<void> {
    for (const open of openIntervals(this.events)) {
      const { status, body } = await callEngine(
        this.#engine.socketPath,
        `/containers/${open.container}/json`,
      );
      const state = status === 200 ? (JSON.parse(body) as State).State : undefined;
      if (state?.Running === true) continue;
      const finishedAt = Date.parse(state?.FinishedAt ?? '');
      const at = finishedAt > open.from ? finishedAt : Date.now();
      const { container, job, attempt } = open;
      this.#add({ at, action: 'die', container, job, attempt });
    }
  }

  #add(event: Omit<ContainerEvent, 'engine' | 'action'> & { readonly action: string }): void {
    const { action } = event;
    if (action !== 'start' && action !== 'die' && action !== 'destroy') return;
    this.events.push({ ...event, action, engine: this.#place });
  }
}
