import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/**
 * Compares with a file beside the test, `testdata/<name>.golden`. UPDATE_GOLDENS=1 writes it anew:
 * then the difference is to be read and understood before it is committed.
 */
export function expectGolden(testUrl: string, name: string, actual: string): void {
  const file = fileURLToPath(new URL(`./testdata/${name}.golden`, testUrl));
  if (process.env.UPDATE_GOLDENS === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  expect(existsSync(file), `${file} is missing: run with UPDATE_GOLDENS=1`).toBe(true);
  expect(actual).toBe(readFileSync(file, 'utf8'));
}
