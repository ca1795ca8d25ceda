import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';

export interface ManifestFile {
  file: string;
  text: string;
}

const MANIFEST = /\.(ya?ml|json)$/;

/** A file, or all manifests below a directory in alphabetical order; hidden files and folders are passed over. */
export async function manifestFiles(path: string): Promise<{ files: ManifestFile[]; isDirectory: boolean }> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    (error) => {
      throw new Error(`${path} cannot be read: ${messageOf(error)}`);
    },
  );
  const names = isDirectory ? await below(path) : [path];
  const files = await Promise.all(names.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
  return { files, isDirectory };
}

async function below(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith('.') && name !== 'node_modules');
  const nested = visible
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return below(path);
      return entry.isFile() && MANIFEST.test(entry.name) ? [path] : [];
    });
  return (await Promise.all(nested)).flat();
}
