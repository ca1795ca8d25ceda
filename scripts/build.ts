/** Bundles the programs into one file each, so that they start fast and an image needs no node_modules. */
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
/** By the file's name. The starter is no command: it stands beside those that start it. */
const programs = {
  headgate: 'cli/headgate.ts',
  'kubectl-headgate': 'cli/kubectl-headgate.ts',
  starter: 'programs/starter-process.ts',
};

/** The demo brings a whole world along, which no cluster needs. */
const withoutDemo: Plugin = {
  name: 'without-demo',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/demo\/demo\.ts$/ }, () => ({ path: 'demo', namespace: 'left-out' }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: `export async function runDemo() {
        process.stderr.write('The demo is not in this build. In a clone of the repository: npm ci && npm run demo\\n');
        return 2;
      }`,
    }));
  },
};

/** Some dependencies are CommonJS and ask for Node's own modules by require. */
const requireForBundled =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function bundle(program: string, source: string): Promise<void> {
  const outfile = join(out, `${program}.js`);
  await build({
    entryPoints: [join(root, 'src', source)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: requireForBundled },
    // Modules that are programs when called by name must not take the bundle's name for theirs.
    define: { 'import.meta.url': '"file:///bundled"' },
    plugins: [withoutDemo],
    legalComments: 'linked',
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
  const size = (statSync(outfile).size / 1024 / 1024).toFixed(1);
  process.stdout.write(`wrote ${relative(root, outfile)} (${size} MiB)\n`);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const [program, source] of Object.entries(programs)) await bundle(program, source);
