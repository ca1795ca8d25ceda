import packageJson from '../../package.json' with { type: 'json' };
import type { Verb } from './verb.ts';

export const version: Verb = {
  name: 'version',
  operands: '',
  summary: 'show the version',
  flags: {},
  run: async ({ world }) => {
    world.stdout(`headgate ${packageJson.version}\n`);
    return 0;
  },
};
