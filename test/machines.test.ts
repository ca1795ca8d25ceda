import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineDocs } from '../scripts/machines.ts';

describe('docs/machines.md', () => {
  const { path, content } = machineDocs();

  it('is not stale (npm run generate)', () => {
    const file = join(import.meta.dirname, '..', path);
    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'missing').toBe(content);
  });

  it('names every guard and action, and every state that a transition leads to', () => {
    expect(content).not.toContain('`?`');
    expect(content).toContain(
      '| `settled` | `newRevision` and `firstStepIs(pause)` | `progressing.pause` | `toFirst` |',
    );
    expect(content).toContain('| `writing` | `isWritten` | `landed` | `keepCommit` |');
  });
});
