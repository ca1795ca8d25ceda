import { availableParallelism, cpus, loadavg } from 'node:os';

/** What a figure was measured on, and how busy that was before. */
export function machine() {
  const { model = 'unknown' } = cpus()[0] ?? {};
  return { node: process.version, cpus: availableParallelism(), cpu: model, loadBefore: loadavg()[0] };
}

export function aim(most: number, measured: number) {
  return { most, measured, met: measured <= most };
}
