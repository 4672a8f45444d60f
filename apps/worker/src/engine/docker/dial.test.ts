import { Agent } from 'node:http';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { withAgent, withoutReuse } from './dial.ts';

test('an agent costs next to nothing to inspect, as the client does on each request', () => {
  const { modem } = new Docker();
  const modems = [withAgent(modem, new Agent()), withoutReuse(modem)];
  for (const { agent } of modems as unknown as { readonly agent: Agent }[]) {
    expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }');
  }
});
