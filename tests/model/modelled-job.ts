import assert from 'node:assert/strict';
import { CANCELLED, type End, type ProgramName, programOf } from './programs.ts';

/** What is asked for, and in which form. */
export interface Asked {
  readonly form: 'spec' | 'query' | 'run';
  readonly program: ProgramName;
  readonly group: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the model says what it expects.
export type Json = any;

const STATES = ['queued', 'running', 'finished'];

/** A job as its caller must see it. What a worker does meanwhile is known only once it was seen. */
export class ModelledJob {
  readonly id: string;
  readonly asked: Asked;
  /** Why it was cancelled, as the first one said who did. */
  cancelReason: string | undefined;
  /** As it was seen when it had finished: it never changes after. */
  final: Json;
  #state = 'queued';

  constructor(id: string, asked: Asked) {
    this.id = id;
    this.asked = asked;
  }

  get program() {
    return programOf(this.asked.program);
  }

  get willEnd(): boolean {
    return this.program.end !== null || this.cancelReason !== undefined;
  }

  /** Whether it is in one of these states: null when that can't be known. */
  isIn(state: string): boolean | null {
    if (this.final !== undefined) return state === 'finished';
    if (this.willEnd) return STATES.indexOf(state) < STATES.indexOf(this.#state) ? false : null;
    if (state === 'finished') return false;
    if (this.asked.program === 'waits') return state === 'queued';
    return this.#state === 'running' ? state === 'running' : null;
  }

  concluded(conclusion: string): boolean | null {
    if (this.final !== undefined) return this.final.conclusion === conclusion;
    return this.willEnd && this.#ends().some((end) => end.conclusion === conclusion) ? null : false;
  }

  /** Holds a view of it against all that is known; afterwards more is. */
  see({ output, ...view }: Json): void {
    const { image, end } = this.program;
    assert.equal(view.id, this.id);
    assert.equal(view.image, image);
    assert.equal(view.group, this.asked.group);
    assert.ok(STATES.indexOf(view.state) >= STATES.indexOf(this.#state), `${view.state} again`);
    this.#state = view.state;
    assert.equal(view.cancelReason ?? undefined, this.cancelReason);
    if (this.final !== undefined) {
      assert.deepEqual(view, this.final);
    } else if (view.state === 'finished') {
      assert.ok(this.willEnd, `${this.asked.program} has ended`);
      const how = this.#ends().find((each) => each.conclusion === view.conclusion);
      assert.ok(how, `${this.asked.program} has ended as ${view.conclusion}`);
      assert.equal(view.exitCode, how.exitCode);
      assert.equal(view.error?.code ?? null, how.error);
      assert.equal(view.waiting, null);
      if (how === end) assert.equal(view.outputBytes, (how.stdout + how.stderr).length);
      this.final = view;
    } else {
      assert.equal(view.conclusion, null);
      if (this.asked.program === 'waits') assert.equal(view.state, 'queued');
    }
    if (output !== undefined && view.state === 'finished') this.seeOutput(output, null);
  }

  /** Of one stream, or of both, where only the order within each is sure. */
  seeOutput(text: string, stream: 'stdout' | 'stderr' | null): void {
    const { stdout, stderr } = this.program.end ?? { stdout: 'up\n', stderr: '' };
    const isWhole = this.final !== undefined && this.final.conclusion !== 'CANCELLED';
    const wholes =
      stream === null ? [stdout + stderr, stderr + stdout] : [{ stdout, stderr }[stream]];
    const isRight = (whole: string) => (isWhole ? whole === text : whole.startsWith(text));
    assert.ok(wholes.some(isRight), `${stream ?? 'output'} of ${this.asked.program}: ${text}`);
    if (this.final !== undefined && stream === null)
      assert.equal(text.length, this.final.outputBytes);
  }

  #ends(): End[] {
    const { end } = this.program;
    const own = end === null ? [] : [end];
    return this.cancelReason === undefined ? own : [...own, CANCELLED];
  }
}
