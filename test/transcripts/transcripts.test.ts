import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPlayer, parseTranscript, printTranscript } from './transcript.ts';

/** REWRITE=1 writes what was printed into the files: then the difference is to be read as prose before it is committed. */
const rewrite = process.env.REWRITE === '1';
const files = globSync(join(import.meta.dirname, '*.txt')).sort();

describe('transcripts', () => {
  it('are there', () => expect(files.length).toBeGreaterThan(10));

  it.each(files.map((file) => [basename(file, '.txt'), file]))('%s', (_, file) => {
    const text = readFileSync(file, 'utf8');
    const play = createPlayer();
    const blocks = parseTranscript(text).map((block) =>
      block.commands.length > 0 ? { ...block, output: play(block.commands) } : block,
    );
    const played = printTranscript(blocks);
    if (rewrite) writeFileSync(file, played);
    else expect(played).toBe(text);
  });
});
