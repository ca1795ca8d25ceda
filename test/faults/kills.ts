import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const SCENARIOS = ['bad', 'protected', 'two-clusters'] as const;
const KILLS_PER_STORY = 6;
const LONGEST_MILLISECONDS = 360_000;
const ROOT = resolve(import.meta.dirname, '../..');

/** What came of one story in which the controller's process was killed. */
export interface KilledStory {
  scenario: string;
  kills: number;
  outcome: string;
  /** The story ended as it does without kills. */
  asExpected: boolean;
  /** Commits beyond the first with the same Revert-Key. */
  doubles: number;
  seconds: number;
}

function doublesIn(repository: string): number {
  const format = '--format=%(trailers:key=Revert-Key,valueonly,separator=%x20)';
  const args = ['-C', repository, 'log', '--no-merges', format, 'main'];
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git log in ${repository}: ${stderr}`);
  const keys = stdout.split('\n').filter(Boolean);
  return keys.length - new Set(keys).size;
}

function playStory(scenario: string, kills: number): KilledStory {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kills-'));
  const start = performance.now();
  try {
    const flags = ['--json', '--keep', folder, '--scenario', scenario, '--chaos-kill', String(kills)];
    const program = [join(ROOT, 'src/cli/headgate.ts'), 'demo', ...flags];
    const options = { encoding: 'utf8', timeout: LONGEST_MILLISECONDS, maxBuffer: 256 * 1024 * 1024 } as const;
    const { status, stdout } = spawnSync(process.execPath, program, options);
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    const result = last.startsWith('{"type":"result"') ? JSON.parse(last) : {};
    return {
      scenario,
      kills: Number(result.controllerRestarts ?? 0),
      outcome: String(result.outcome ?? 'none'),
      asExpected: status === 0,
      doubles: doublesIn(join(folder, 'repo.git')),
      seconds: Math.round((performance.now() - start) / 1000),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Plays the demo's stories, in which real processes are killed, until so many kills have happened. */
export function playKills(target: number, onStory: (story: KilledStory) => void): KilledStory[] {
  const stories: KilledStory[] = [];
  for (let kills = 0; kills < target; ) {
    const scenario = SCENARIOS[stories.length % SCENARIOS.length] as string;
    const story = playStory(scenario, Math.min(KILLS_PER_STORY, target - kills));
    stories.push(story);
    onStory(story);
    if (story.kills === 0) throw new Error(`in the story ${scenario} nothing was killed`);
    kills += story.kills;
  }
  return stories;
}
