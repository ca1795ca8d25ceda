/** Writes what is generated from the schemas and the statecharts; with --check, only says what is stale and exits with 1. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type GeneratedFile, generatedFiles } from '../src/api/generated.ts';
import { machineDocs } from './machines.ts';

const root = join(import.meta.dirname, '..');

function isStale({ path, content }: GeneratedFile): boolean {
  const file = join(root, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== content;
}

function write({ path, content }: GeneratedFile): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const stale = [...generatedFiles(), machineDocs()].filter(isStale);
const checkOnly = process.argv.includes('--check');
for (const file of stale) {
  if (!checkOnly) write(file);
  process.stdout.write(`${checkOnly ? 'stale' : 'wrote'} ${file.path}\n`);
}
if (checkOnly && stale.length > 0) {
  process.stdout.write('Run `npm run generate` and commit the result.\n');
  process.exitCode = 1;
}
