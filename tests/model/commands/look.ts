import assert from 'node:assert/strict';
import { type Command, command, expectProblem, expectStatus } from './command.ts';

/** Looks at a job; where it is sure to end, until it has. */
export function wait(which: number): Command {
  return command(`wait(${which})`, async (model, service) => {
    const { id, job } = model.pick(which);
    const answer = await service.call(`/jobs/${id}?wait=${job?.willEnd ? 60 : 0}`);
    if (job === undefined) return expectProblem(answer, 404, 'job.not_found');
    expectStatus(answer, 200);
    job.see(answer.json);
    assert.equal(answer.json.state === 'finished', job.willEnd);
    assert.equal(answer.headers['conjob-conclusion'], job.final?.conclusion);
    const again = await service.call(`/jobs/${id}`, {
      headers: { 'If-None-Match': String(answer.headers.etag) },
    });
    if (job.final === undefined && again.status === 200) job.see(again.json);
    else expectStatus(again, 304);
  });
}

export function readOutput(which: number, stream: 'stdout' | 'stderr' | null): Command {
  return command(`readOutput(${which}, ${stream ?? 'both'})`, async (model, service) => {
    const { id, job } = model.pick(which);
    const path = `/jobs/${id}/output`;
    const answer = await service.call(stream === null ? path : `${path}?stream=${stream}`);
    if (job === undefined) return expectProblem(answer, 404, 'job.not_found');
    expectStatus(answer, 200);
    job.seeOutput(answer.text, stream);
    if (job.final === undefined) return;
    const half = Math.ceil(answer.bytes.length / 2);
    const query = new URLSearchParams({ offset: String(half), ...(stream && { stream }) });
    const rest = await service.call(`${path}?${query}`);
    assert.equal(rest.text, answer.bytes.subarray(half).toString());
  });
}
