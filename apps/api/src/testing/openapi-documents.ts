import { jobSpecSchema } from '@conjob/shared';
import { adminDocument } from '../openapi/admin-document.ts';
import { apiDocument } from '../openapi/api-document.ts';
import type { OpenApiDocument } from '../openapi/document.ts';
import { AnswerChecks } from './answer-checks.ts';
import type { HeardAnswer } from './heard-answers.ts';

const SPEC = jobSpecSchema({
  maxTimeoutSeconds: 1800,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: 604_800,
  defaultRetentionSeconds: 86_400,
  defaultNetwork: 'bridge',
});

/** Both documents, with the limits that hold where nobody has set any. */
export const DOCUMENTS = { api: apiDocument(SPEC), admin: adminDocument() };

interface Port {
  readonly checks: AnswerChecks;
  readonly paths: readonly { readonly path: string; readonly pattern: RegExp }[];
}

const PORTS = Object.values(DOCUMENTS).map(portOf);

function portOf(document: OpenApiDocument): Port {
  const paths = Object.keys(document.paths).map((path) => {
    // As Express matches.
    return { path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i') };
  });
  return { checks: new AnswerChecks(document), paths };
}

/**
 * What is wrong with an answer. Nobody has told which port it came from: what both have, they describe alike, and what only one
 * has is told to be no path by the other.
 */
export function undescribed({ method, target, ...answer }: HeardAnswer): string[] {
  const [asked = ''] = target.split('?');
  const offered: string[] = [];
  const refused: string[] = [];
  for (const { checks, paths } of PORTS) {
    const path = paths.find(({ pattern }) => pattern.test(asked))?.path;
    const isOffered = checks.offers(method, path);
    const faults = isOffered
      ? checks.faults(method, path, answer)
      : checks.refusalFaults(method, asked, answer);
    if (faults.length === 0) return [];
    (isOffered ? offered : refused).push(...faults);
  }
  return offered.length > 0 ? offered : refused;
}
