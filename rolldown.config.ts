import { defineConfig } from 'rolldown';

/** One self-contained ES module per app, for container images. Everywhere else Node runs the source. */
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // ssh2's native add-ons (under dockerode) are optional speed-ups, absent by choice.
  external: [/\.node$/],
  transform: {
    define: {
      __dirname: 'import.meta.dirname',
      __filename: 'import.meta.filename',
      BUILD_COMMIT: JSON.stringify(process.env['REVISION'] ?? ''),
    },
  },
  output: { dir: 'dist', entryFileNames: '[name].js', cleanDir: true },
});
