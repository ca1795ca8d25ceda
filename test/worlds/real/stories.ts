/**
 * Runs inside the world, started by test.ts: tells the stories, then asks the audit log whether the controller's rights
 * were enough and no more.
 *
 *   node test/worlds/real/stories.ts [arguments of Vitest]
 */
import { fileURLToPath } from 'node:url';
import { auditRights } from './rbac-audit.ts';
import { readRealWorld } from './state.ts';
import { runInForeground } from './toolbox.ts';

const VITEST = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));
const CONFIG = fileURLToPath(new URL('vitest.config.ts', import.meta.url));

const world = readRealWorld();
if (!world) throw new Error('there is no real world: start this with npm run test:real');
const filters = process.argv.slice(2);
const code = await runInForeground(process.execPath, [VITEST, 'run', '--config', CONFIG, ...filters], process.env);
const isEnough = await auditRights(world.auditLog, filters.length === 0);
process.exitCode = code || (isEnough ? 0 : 1);
