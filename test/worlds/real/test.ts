/**
 * `npm run test:real [-- arguments of Vitest]`: every story that needs real servers. Those that break servers have a
 * world of their own, after the others. Where arguments name tests by their path, only their world is made.
 */
import { fileURLToPath } from 'node:url';
import { runInRealWorld, SKIPPED } from './enter.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const VITEST = path('../../../node_modules/vitest/vitest.mjs');
const STORIES = [path('stories.ts')];
const CIRCUMSTANCES = [VITEST, 'run', '--config', path('circumstances.config.ts')];

const given = process.argv.slice(2);
const paths = given.filter((argument) => argument.startsWith('test/'));
const isBreaking = (argument: string) => argument.startsWith('test/real/circumstances');

const programs = [
  ...(paths.length === 0 || !paths.every(isBreaking) ? [STORIES] : []),
  ...(paths.length === 0 || paths.some(isBreaking) ? [CIRCUMSTANCES] : []),
];
let failures = 0;
for (const program of programs) {
  const code = await runInRealWorld({
    command: [process.execPath, ...program, ...given],
    withTraffic: true,
    kubeletFlags: ['--start-delay', '500,1500'],
  });
  // What is missing for one world is missing for every one.
  if (code === SKIPPED) process.exit(SKIPPED);
  if (code !== 0) failures++;
}
process.exitCode = failures === 0 ? 0 : 1;
