import { version as current } from '../version.ts';
import type { Verb } from './verb.ts';

export const version: Verb = {
  name: 'version',
  operands: '',
  summary: 'show the version',
  flags: { short: { type: 'boolean', description: 'the same line; for scripts that ask so' } },
  run: async ({ world }) => {
    world.stdout(`headgate ${current}\n`);
    return 0;
  },
};
