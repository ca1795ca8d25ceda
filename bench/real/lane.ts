/** One part in a world of its own. All that the world tells goes to this process's standard output: bench.ts keeps it apart from the figures. */
import { fileURLToPath } from 'node:url';
import { runInRealWorld } from '../../test/worlds/real/enter.ts';

const MEASURE = fileURLToPath(new URL('measure.ts', import.meta.url));

process.exitCode = await runInRealWorld({
  command: [process.execPath, MEASURE, process.argv[2] ?? ''],
  withTraffic: false,
  kubeletFlags: ['--quick'],
});
