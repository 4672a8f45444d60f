import assert from 'node:assert/strict';
import type { Json, ModelledJob } from '../modelled-job.ts';
import type { ModelledService } from '../modelled-service.ts';
import { type Command, command, expectStatus } from './command.ts';

export interface Filter {
  readonly state?: string;
  readonly conclusion?: string;
  readonly image?: string;
  readonly group?: string;
}

/** Walks through all pages of the jobs that match. */
export function list(filter: Filter, limit: number): Command {
  return command(`list(${JSON.stringify(filter)}, ${limit})`, async (model, service) => {
    const verdicts = new Map(model.jobs.map((job) => [job.id, verdict(job, filter)]));
    const found = await walk(service, { ...filter, limit: String(limit) });
    const ids = found.map(({ id }) => id);
    // By their ids, the newest first, and so none twice.
    assert.deepEqual(ids, [...new Set(ids)].toSorted().toReversed());
    for (const view of found) {
      const job = model.find(view.id);
      assert.ok(job, `${view.id} was listed`);
      assert.notEqual(verdicts.get(job.id), false, `a job that ${job.asked.program} was listed`);
      assert.ok(!('output' in view));
      job.see(view);
      assert.equal(view.state, filter.state ?? view.state);
      assert.equal(view.conclusion, filter.conclusion ?? view.conclusion);
    }
    for (const [id, isSure] of verdicts) {
      if (isSure) assert.ok(ids.includes(id), `${model.find(id)?.asked.program} was not listed`);
    }
  });
}

/** Whether a job must be found, or must not; null when that can't be known. */
function verdict(job: ModelledJob, { state, conclusion, image, group }: Filter): boolean | null {
  const parts = [
    state === undefined ? true : job.isIn(state),
    conclusion === undefined ? true : job.concluded(conclusion),
    image === undefined ? true : matchesImage(job.program.image, image),
    group === undefined ? true : job.asked.group === group,
  ];
  if (parts.includes(false)) return false;
  return parts.includes(null) ? null : true;
}

/** Without a tag, all tags of it. */
function matchesImage(image: string, asked: string): boolean {
  const [name, tag] = asked.split(':');
  const [ownName, ownTag = 'latest'] = image.split(':');
  return name === ownName && (tag === undefined || tag === ownTag);
}

async function walk(service: ModelledService, query: Record<string, string>): Promise<Json[]> {
  const found: Json[] = [];
  let path: string | undefined = `/jobs?${new URLSearchParams(query)}`;
  while (path !== undefined) {
    const answer = await service.call(path);
    expectStatus(answer, 200);
    const { jobs } = answer.json;
    found.push(...jobs);
    const link: string | undefined = answer.headers['link'] as string | undefined;
    path = /^<(.+)>; rel="next"$/.exec(link ?? '')?.[1];
    if (path === undefined) assert.ok(jobs.length <= Number(query['limit']));
    else assert.equal(jobs.length, Number(query['limit']));
  }
  return found;
}
