import assert from 'node:assert/strict';
import type { Answer, Call } from '../../../apps/api/src/testing/http-client.ts';
import { type Asked, ModelledJob } from '../modelled-job.ts';
import type { ModelledService } from '../modelled-service.ts';
import { programOf } from '../programs.ts';
import { type ServiceModel, sameness } from '../service-model.ts';
import { type Command, command, expectProblem, expectStatus, JSON_TYPE } from './command.ts';

export interface Submission extends Asked {
  readonly key: string | null;
  readonly waits: boolean;
}

const WAIT = 'wait=60';
/** As `/job/run` answers it. */
const RUN_STATUS = { SUCCESS: 200, FAILURE: 400, NOT_FOUND: 404, CANCELLED: 409 };

/** Asks for a job, in one of the three ways, with a key perhaps. */
export function submit(submission: Submission): Command {
  const { form, program, group, key, waits } = submission;
  const name = `submit(${form} ${program} of ${group}, key ${key}${waits ? ', wait' : ''})`;
  return command(name, async (model, service) => {
    const known = key === null ? undefined : model.keys.get(key);
    const old = known && model.find(known.id);
    const willEnd = old === undefined ? programOf(program).end !== null : old.willEnd;
    const isWaiting = waits && willEnd;
    const answer = await send(
      service,
      { ...submission, key: key && `${model.name}-${key}` },
      isWaiting,
    );
    if (known !== undefined && known.asked !== sameness(submission)) {
      return expectProblem(answer, 422, 'idempotency.mismatch');
    }
    if (known === undefined && model.isFull) return expectRefused(answer, submission);
    const id = String(answer.headers['conjob-job-id']);
    assert.equal(answer.headers['idempotency-replayed'], known && 'true');
    if (known !== undefined) assert.equal(id, known.id);
    if (known !== undefined && old === undefined) return expectProblem(answer, 410, 'job.gone');
    const job = old ?? add(model, id, submission);
    if (form === 'run') expectRun(answer, job, isWaiting);
    else expectJob(answer, job, isWaiting);
  });
}

function add(model: ServiceModel, id: string, { key, ...asked }: Submission): ModelledJob {
  assert.equal(model.find(id), undefined);
  const job = new ModelledJob(id, asked);
  model.jobs.push(job);
  if (key !== null) model.keys.set(key, { asked: sameness(asked), id });
  return job;
}

function expectJob(answer: Answer, job: ModelledJob, isWaiting: boolean): void {
  expectStatus(answer, isWaiting ? 200 : 202);
  assert.equal(answer.headers.location, `/jobs/${job.id}`);
  job.see(answer.json);
  if (isWaiting) assert.equal(answer.json.state, 'finished');
}

function expectRun(answer: Answer, job: ModelledJob, isWaiting: boolean): void {
  const { status, headers, json } = answer;
  if (status === 202) {
    assert.ok(!isWaiting, 'a run that ends is waited for');
    assert.equal(headers.location, `/jobs/${job.id}`);
    job.see(json);
    return;
  }
  assert.ok(job.willEnd, `${job.asked.program} has ended`);
  assert.equal(json.id, job.id);
  assert.notEqual(job.concluded(json.conclusion), false, `ended as ${json.conclusion}`);
  expectStatus(answer, RUN_STATUS[json.conclusion as keyof typeof RUN_STATUS]);
}

function expectRefused(answer: Answer, { form }: Submission): void {
  expectStatus(answer, 503);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.equal(answer.headers['conjob-job-id'], undefined);
  const { code } = form === 'run' ? answer.json.error : answer.json;
  assert.equal(code, 'queue.full');
}

function send(service: ModelledService, asked: Submission, isWaiting: boolean): Promise<Answer> {
  const { form, group, key } = asked;
  const { image, args, requires } = programOf(asked.program);
  const headers = {
    Accept: 'application/json',
    Prefer: isWaiting ? WAIT : 'respond-async',
    ...(key === null ? {} : { 'Idempotency-Key': key }),
  };
  if (form === 'spec') {
    const spec = { image, args, group, pull: 'never', ...(requires && { requires }) };
    const body = JSON.stringify(spec);
    return service.call('/jobs', { headers: { ...headers, ...JSON_TYPE }, body });
  }
  const query = new URLSearchParams({ image, group, pull: 'never' });
  for (const arg of args) query.append('arg', arg);
  const post: Call = { method: 'POST', headers };
  return service.call(`${form === 'run' ? '/job/run' : '/jobs'}?${query}`, post);
}

/** What is no job: refused by name, and nothing is made. */
export function submitWrong(body: string, path: string): Command {
  return command(`submitWrong(${body})`, async (_model, service) => {
    const answer = await service.call('/jobs', { headers: JSON_TYPE, body });
    expectProblem(answer, 400, 'request.invalid');
    assert.equal(answer.json.errors[0].path, path);
  });
}
