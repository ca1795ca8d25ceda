import { version as current } from '../version.ts';
import type { Verb } from './verb.ts';

export const version: Verb = {
  name: 'version',
  operands: '',
  summary: 'show the version',
  flags: {},
  run: async ({ world }) => {
    world.stdout(`headgate ${current}\n`);
    return 0;
  },
};
