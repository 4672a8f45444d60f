import { type RolldownOptions, rolldown } from 'rolldown';
import config from '../../rolldown.config.ts';
import { ROOT } from './compose.ts';

/** The bundle that `pnpm build` writes to the `dist` folder of an app. */
export async function bundleApp(app: 'api' | 'worker'): Promise<string> {
  const { output: _, ...input } = config as RolldownOptions;
  const bundle = await rolldown({ ...input, cwd: `${ROOT}/apps/${app}` });
  try {
    const { output } = await bundle.generate();
    if (output.length > 1) throw new Error(`The bundle of ${app} is not one file`);
    return output[0].code;
  } finally {
    await bundle.close();
  }
}
