/** Runs the short bench, shows its figures, and fails where one of them is not there. */
import { execFileSync } from 'node:child_process';

const output = execFileSync('npm', ['run', '-s', 'bench', '--', '--short'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  timeout: 15 * 60_000,
  maxBuffer: 64 * 1024 * 1024,
});
const figures: unknown = JSON.parse(output.slice(output.indexOf('{')));
process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);

const needed = [
  ['decide_microseconds'],
  ['bad_sample_to_route_ms', 'p50'],
  ['bad_sample_to_route_ms', 'p99'],
  ['bad_sample_to_route_ms', 'n'],
  ['idle_1000', 'rssMiB'],
  ['idle_1000', 'apiWritesPerMinute'],
  ['idle_1000', 'cpuSecondsPerMinute'],
];

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}

const missing = needed.filter((path) => typeof at(figures, path) !== 'number');
for (const path of missing) process.stderr.write(`the bench gives no number for ${path.join('.')}\n`);
process.exitCode = missing.length === 0 ? 0 : 1;
