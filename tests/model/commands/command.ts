import assert from 'node:assert/strict';
import type fc from 'fast-check';
import type { Answer } from '../../../apps/api/src/testing/http-client.ts';
import type { ModelledService } from '../modelled-service.ts';
import type { ServiceModel } from '../service-model.ts';

/** One request, or a few that belong together, and what the model says of the answers. */
export interface Command extends fc.AsyncCommand<ServiceModel, ModelledService> {}

/** A command that can be given at any time. */
export function command(name: string, run: Command['run']): Command {
  return { check: () => true, run, toString: () => name };
}

export function expectProblem({ status, json }: Answer, expected: number, code: string): void {
  assert.deepEqual({ status, code: json.code }, { status: expected, code });
}

export function expectStatus({ status, text }: Answer, expected: number): void {
  assert.equal(status, expected, text);
}

export const JSON_TYPE = { 'Content-Type': 'application/json' };
