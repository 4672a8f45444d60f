import { beforeEach, describe, expect, test } from 'vitest';
import { type ShownState, WorkerState } from './worker-state.ts';

let state: WorkerState;
let shown: string[];

beforeEach(() => {
  const say = ({ state: name, reason }: ShownState) => shown.push(`${name}: ${reason}`);
  state = new WorkerState(say);
  shown = [];
});

describe('a worker', () => {
  test('is not ready before it has started', () => {
    expect(state.shown).toEqual({ state: 'unready', reason: 'It is starting.' });
    state.over('starting');
    expect(state.shown).toEqual({ state: 'ready', reason: null });
  });

  test('that is drained before it has started starts draining', () => {
    state.drained('new disks');
    state.over('starting');
    expect(shown).toEqual(['draining: new disks']);
  });

  test('is ready when the last of several causes is over', () => {
    state.over('starting');
    state.drained('new disks');
    state.unready('engine-full');
    state.unready('engine-away');
    state.over('engine-away');
    state.drained(null);
    state.over('engine-full');
    expect(shown).toEqual([
      'ready: null',
      'draining: new disks',
      'unready: The disk of the engine is full.',
      'unready: The engine does not answer.',
      'unready: The disk of the engine is full.',
      'ready: null',
    ]);
  });

  test('says nothing twice', () => {
    state.over('starting');
    state.drained('');
    state.drained('');
    expect(shown).toEqual(['ready: null', 'draining: null']);
  });

  test('that shuts down says so whatever else is the matter', () => {
    state.over('starting');
    state.drained('new disks');
    state.unready('shutting-down');
    state.unready('engine-away');
    expect(shown.at(-1)).toBe('unready: It is shutting down.');
  });
});
