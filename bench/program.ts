import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What is started as the controller. */
export interface Program {
  name: 'bundle' | 'sources';
  file: string;
  /** For node itself. */
  nodeOptions: string[];
}

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The options that the image gives to node: what is measured is what people run. */
async function imageOptions(): Promise<string[]> {
  const dockerfile = await readFile(path('Dockerfile'), 'utf8');
  const [, options = ''] = /^ENV NODE_OPTIONS="?([^"\n]*)/m.exec(dockerfile) ?? [];
  return options.split(' ').filter((option) => option !== '');
}

/** The controller as the image runs it, freshly bundled; or straight from the sources. */
export async function controllerProgram(name: Program['name']): Promise<Program> {
  const nodeOptions = await imageOptions();
  if (name === 'sources') return { name, file: path('src/cli/headgate.ts'), nodeOptions };
  await promisify(execFile)(process.execPath, [path('scripts/build.ts')]);
  return { name, file: path('dist/headgate.js'), nodeOptions };
}
