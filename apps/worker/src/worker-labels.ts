import { type Labels, workerLabelsSchema } from '@conjob/shared';
import { z } from 'zod';

/** `arch=arm64,gpu=true`. Each complaint names the label that is wrong. */
export const workerLabels = z.string().transform((text, context): Labels => {
  const pairs = text.split(',').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [name.trim(), value.join('=').trim()] as const;
  });
  const names = pairs.map(([name]) => name);
  for (const [index, [name, value]] of pairs.entries()) {
    const problem = names.indexOf(name) < index ? 'It is given twice.' : problemOf(name, value);
    if (problem === undefined) continue;
    context.addIssue({ code: 'custom', message: `label ${JSON.stringify(name)}: ${problem}` });
  }
  return Object.fromEntries(pairs);
});

function problemOf(name: string, value: string): string | undefined {
  const [issue] =
    workerLabelsSchema.safeParse(Object.fromEntries([[name, value]])).error?.issues ?? [];
  return issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message;
}
