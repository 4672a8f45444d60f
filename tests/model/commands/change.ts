import assert from 'node:assert/strict';
import { type Command, command, expectProblem, expectStatus, JSON_TYPE } from './command.ts';

const MAX_QUEUED = 'conjob.job.limit.maxQueuedJobs';
const MANY = 100_000;

export function cancel(which: number, reason: string): Command {
  return command(`cancel(${which}, ${reason})`, async (model, service) => {
    const { id, job } = model.pick(which);
    const body = JSON.stringify({ reason });
    const answer = await service.call(`/jobs/${id}/cancel`, { headers: JSON_TYPE, body });
    if (job === undefined) return expectProblem(answer, 404, 'job.not_found');
    // It may have ended in the meantime; that it was not seen to have does not matter to it.
    if (job.final !== undefined || answer.status === 409) {
      assert.notEqual(job.isIn('finished'), false);
      return expectProblem(answer, 409, 'job.finished');
    }
    expectStatus(answer, 202);
    job.cancelReason ??= reason;
    job.see(answer.json);
    if (job.asked.program === 'waits') assert.equal(answer.json.state, 'finished');
  });
}

export function remove(which: number): Command {
  return command(`remove(${which})`, async (model, service) => {
    const { id, job } = model.pick(which);
    const answer = await service.call(`/jobs/${id}`, { method: 'DELETE' });
    if (job === undefined) return expectProblem(answer, 404, 'job.not_found');
    const isOver = job.isIn('finished');
    if (isOver === true || (isOver === null && answer.status === 204)) {
      expectStatus(answer, 204);
      return model.remove(job);
    }
    expectProblem(answer, 409, 'job.unfinished');
  });
}

/** No place in the queue, or many again. The answer says what was before. */
export function limit(isFull: boolean): Command {
  return command(`limit(${isFull ? 'full' : 'open'})`, async (model, service) => {
    const answer = await service.callAdmin(`/tasks/config?${MAX_QUEUED}=${isFull ? 0 : MANY}`, {
      method: 'POST',
    });
    expectStatus(answer, 200);
    const before = new URLSearchParams(answer.text).get(MAX_QUEUED);
    assert.equal(before, String(model.isFull ? 0 : MANY));
    model.isFull = isFull;
  });
}
