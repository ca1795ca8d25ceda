import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What is started as the controller. */
export interface Program {
  /** `reference`: a build of the reference controller, to compare with in the same circumstances. */
  name: 'bundle' | 'sources' | 'reference';
  file: string;
  /** For node itself. */
  nodeOptions: string[];
}

/** Limited by nothing but the API server, as ours is. */
const UNLIMITED = ['--qps', '5000', '--burst', '5000', '--leader-elect=false'];

/** How it is started as the user of a kubeconfig, in a folder of its own: it serves its metrics at one port, its health at the other. */
export function commandOf({ name, file, nodeOptions }: Program, folder: string, ports: [number, number]): string[] {
  const [metrics, health] = ports.map(String) as [string, string];
  const user = ['--kubeconfig', join(folder, 'kubeconfig')];
  if (name === 'reference') {
    return [file, ...user, '--metricsPort', metrics, '--healthzPort', health, '--loglevel', 'error', ...UNLIMITED];
  }
  const own = ['--address', '127.0.0.1', '--port', metrics, '--identity', 'bench', '--cache-folder', folder];
  const quiet = ['--log-level', process.env.HEADGATE_BENCH_LOG ?? 'error'];
  return [process.execPath, ...nodeOptions, file, 'controller', ...user, ...own, ...quiet];
}

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The options that the image gives to node: what is measured is what people run. */
async function imageOptions(): Promise<string[]> {
  const dockerfile = await readFile(path('Dockerfile'), 'utf8');
  const [, options = ''] = /^ENV NODE_OPTIONS="?([^"\n]*)/m.exec(dockerfile) ?? [];
  return options.split(' ').filter((option) => option !== '');
}

/** The controller as the image runs it, freshly bundled; or straight from the sources. */
export async function controllerProgram(name: 'bundle' | 'sources'): Promise<Program> {
  const nodeOptions = await imageOptions();
  if (name === 'sources') return { name, file: path('src/cli/headgate.ts'), nodeOptions };
  await promisify(execFile)(process.execPath, [path('scripts/build.ts')]);
  return { name, file: path('dist/headgate.js'), nodeOptions };
}
