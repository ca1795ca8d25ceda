/** Plays the demo's scenarios as a user would and checks what Git holds afterwards. Usage: acceptance.ts REPORT.json [SCENARIO...] */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

interface Result {
  type?: string;
  outcome?: string;
  culprit?: string;
  revert?: string;
  canaryWeight?: number;
  controllerRestarts?: number;
  standings?: Standing[];
}

/** How an app stands in a cluster at the end. */
interface Standing {
  of: string;
  phase: string;
  image: string;
  revision: string;
  canaryWeight: number;
}

/** One line of the demo for programs; which fields there are depends on the type. */
interface Line extends Result {
  up?: boolean;
  canary?: number;
  phase?: string;
  /** Which app or cluster it is about. */
  of?: string;
}

interface Played {
  exit: number | null;
  lines: Line[];
  seconds: number;
  result: Result;
  git(...args: string[]): string;
}

const root = resolve(import.meta.dirname, '..');
const teamManifests = resolve(root, '../shared/data/webapp-canary');
const counts = { passed: 0, failed: 0 };

function check(name: string, holds: boolean, otherwise = ''): void {
  counts[holds ? 'passed' : 'failed'] += 1;
  process.stdout.write(
    `   ${holds ? 'ok    ' : 'FAILED'} ${name}${holds || otherwise === '' ? '' : `: ${otherwise}`}\n`,
  );
}

function demo(args: string[], minutes: number) {
  const start = performance.now();
  const child = spawnSync('npm', ['run', '-s', 'demo', '--', ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: minutes * 60_000,
    maxBuffer: 256 * 1024 * 1024,
  });
  return { ...child, seconds: (performance.now() - start) / 1000 };
}

function parsed(lines: string[]): Line[] {
  try {
    return lines.map((line): Line => JSON.parse(line));
  } catch (error) {
    process.stdout.write(`   a line is no JSON: ${error}\n`);
    return [];
  }
}

function play(name: string, args: string[], judge: (played: Played) => void): void {
  process.stdout.write(`\n   -- ${name}: npm run demo -- --json ${args.join(' ')}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'headgate-acceptance-'));
  try {
    const { status: exit, seconds, stdout, stderr } = demo(['--json', '--keep', folder, ...args], 6);
    const git = (...command: string[]) => {
      const done = spawnSync('git', ['-C', join(folder, 'repo.git'), ...command], { encoding: 'utf8' });
      return done.status === 0 ? done.stdout.trimEnd() : `git failed: ${done.stderr}`;
    };
    const lines = parsed(stdout.trimEnd().split('\n'));
    const last = lines.at(-1) ?? {};
    const result = last.type === 'result' ? last : {};
    process.stdout.write(`   ${JSON.stringify(result)} in ${seconds.toFixed(1)} s\n`);
    check('exits with 0', exit === 0, `exit ${exit}; ${stderr.slice(-1500)}`);
    judge({ exit, lines, seconds, result, git });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The files that a commit touched whose content at `now` is not that of `then`. */
function differing({ git }: Played, commit: string, then: string, now: string): string[] {
  const files = linesOf(git('diff', '--name-only', '--no-renames', `${commit}^`, commit));
  if (files.length === 0) return [`${commit} touches nothing`];
  const content = (at: string, file: string) => git('ls-tree', at, '--', file);
  return files.filter((file) => content(then, file) !== content(now, file));
}

const trailers = ['Rollout', 'Revert-Key', 'Reverts-Commit', 'Good-Revision', 'Analysis-Run', 'Rollout-Controller'];

/** Answers the revert's message. */
function headIsTheRevert({ result, git }: Played): string {
  const { culprit = '', outcome } = result;
  check('the outcome is reverted', outcome === 'reverted', outcome);
  check('no traffic is on the canary', result.canaryWeight === 0, String(result.canaryWeight));
  check('the revert is the head of main', git('rev-parse', 'main') === result.revert, git('log', '--oneline', 'main'));
  const message = git('log', '-1', '--format=%B', 'main');
  check(
    'its message names the culprit',
    /^[0-9a-f]{40}$/.test(culprit) && linesOf(message).includes(`This reverts commit ${culprit}.`),
    message,
  );
  const missing = trailers.filter((trailer) => !new RegExp(`^${trailer}: \\S`, 'm').test(message));
  check('its message carries the trailers', missing.length === 0, `missing: ${missing.join(', ')}`);
  return message;
}

function reverted(played: Played): void {
  const { result, git } = played;
  const { culprit = '' } = result;
  const message = headIsTheRevert(played);
  const left = differing(played, culprit, `${culprit}^`, 'main');
  check('every file of the culprit is as it was before', left.length === 0, left.join(', '));
  const others = linesOf(git('rev-list', '--first-parent', `${culprit}..main^`));
  check('another team has committed meanwhile', others.length > 0);
  const lost = others.flatMap((commit) => differing(played, commit, commit, 'main'));
  check("the other team's files are untouched", lost.length === 0, lost.join(', '));
  const key = /^Revert-Key: (\S+)$/m.exec(message)?.[1] ?? 'none';
  const written = linesOf(git('log', '--format=%H', '--fixed-strings', `--grep=Revert-Key: ${key}`, 'main'));
  check('there is exactly one commit with this Revert-Key', written.length === 1, written.join(', '));
}

function promoted({ result, git }: Played): void {
  check('the outcome is promoted', result.outcome === 'promoted', result.outcome);
  const written = linesOf(git('log', '--format=%H', '--grep=^Revert-Key:', '--grep=^Rollout-Controller:', '--all'));
  check('Headgate has committed nothing', written.length === 0, written.join(', '));
}

/** From the moment Prometheus is gone until it has answered again, no weight may rise. */
function heldThenPromoted(played: Played): void {
  promoted(played);
  const { lines } = played;
  const gone = lines.findIndex(({ type, up }) => type === 'prometheus' && up === false);
  const back = lines.findIndex(({ type, up }, index) => index > gone && type === 'prometheus' && up === true);
  const answered = lines.findIndex(
    ({ type, phase }, index) => index > back && type === 'measurement' && phase === 'Successful',
  );
  check('Prometheus went away and came back', gone >= 0 && back > gone);
  check('it was asked again before the end', answered > back);
  const weightAt = lines.slice(0, gone).findLast(({ type }) => type === 'weight')?.canary ?? 0;
  const risen = lines
    .slice(gone, answered < 0 ? lines.length : answered)
    .filter(({ type, canary = 0 }) => type === 'weight' && canary > weightAt);
  check('the rollout held meanwhile: no weight rose', risen.length === 0, JSON.stringify(risen));
}

/** The reverts, wherever they are, and the branch's own. */
function revertsIn({ git }: Played, where: string): string[] {
  return linesOf(git('log', '--format=%H', '--grep=^Revert-Key:', where));
}

function merged(played: Played): void {
  const { result, git } = played;
  check('the outcome is reverted', result.outcome === 'reverted', result.outcome);
  check('the head of main is the merge', git('rev-parse', 'main') === result.revert, git('log', '--oneline', 'main'));
  const reverts = revertsIn(played, '--all');
  check('there is exactly one revert', reverts.length === 1, reverts.join(', '));
  check('main holds it', revertsIn(played, 'main').length === 1);
  const left = differing(played, result.culprit ?? '', `${result.culprit}^`, 'main');
  check('every file of the culprit is as it was before', left.length === 0, left.join(', '));
}

function vetoed(played: Played): void {
  const { result, git } = played;
  check('the outcome is vetoed', result.outcome === 'vetoed', result.outcome);
  check('no traffic is on the canary', result.canaryWeight === 0, String(result.canaryWeight));
  check('main holds no revert', revertsIn(played, 'main').length === 0);
  const kept = differing(played, result.culprit ?? '', String(result.culprit), 'main');
  check('main holds the change', kept.length === 0, kept.join(', '));
  check('nobody else is an author', !git('log', '--format=%an', 'main').includes('headgate'));
}

/** What stands there at the end: healthy, with no traffic on a canary. */
function stands({ result }: Played, of: string, what: string, is: (standing: Standing) => boolean): void {
  const standing = result.standings?.find((each) => each.of === of);
  const isWell = standing?.phase === 'Healthy' && standing.canaryWeight === 0 && is(standing);
  check(`${of} ${what}`, isWell, JSON.stringify(standing));
}

/** One commit changed two apps: what it did to one is out of Git, what it did to the other stays. */
function partlyReverted(played: Played): void {
  const { result, git } = played;
  const { culprit = '' } = result;
  headIsTheRevert(played);
  const files = (from: string, to: string, path: string) => git('diff', '--name-only', from, to, '--', path);
  const changed = ['shop', 'cart'].filter((app) => files(`${culprit}^`, culprit, `apps/${app}`) !== '');
  check('the culprit changed two apps', changed.length === 2, changed.join(', '));
  check('the app that failed is as it was before', files(`${culprit}^`, 'main', 'apps/shop') === '');
  check('the other app is as the culprit left it', files(culprit, 'main', 'apps/cart') === '');
  check('the third app is as its own team left it', files('main^', 'main', 'apps/search') === '');
  check("its team's later commit is still there", files(culprit, 'main', 'apps/search') !== '');
  const written = revertsIn(played, '--all');
  check('there is exactly one revert', written.length === 1, written.join(', '));
  const imageAt = (commit: string, app: string) =>
    /image: (\S+)/.exec(git('show', `${commit}:apps/${app}/rollout.yaml`))?.[1];
  stands(played, 'shop', 'is back on its stable version', ({ image }) => image === imageAt(`${culprit}^`, 'shop'));
  stands(
    played,
    'cart',
    'was promoted',
    ({ image, revision }) => image === imageAt(culprit, 'cart') && revision === '2',
  );
  stands(played, 'search', 'noticed nothing', ({ revision }) => revision === '1');
}

function revertedOnce(played: Played): void {
  reverted(played);
  const written = revertsIn(played, '--all');
  check('there is exactly one revert, wherever', written.length === 1, written.join(', '));
  const culprit = played.result.culprit ?? '';
  const stable = /image: (\S+)/.exec(played.git('show', `${culprit}^:apps/shop/rollout.yaml`))?.[1];
  for (const cluster of ['west', 'east'])
    stands(played, cluster, 'is back on its stable version', ({ image }) => image === stable);
  const failed = new Set(
    played.lines.flatMap(({ type, phase, of }) => (type === 'verdict' && phase === 'Failed' ? of : [])),
  );
  check('it failed in both', failed.size === 2, [...failed].join(', '));
}

function told(): void {
  process.stdout.write('\n   -- story: npm run demo\n');
  const { status, seconds, stdout, stderr } = demo([], 3);
  check('exits with 0', status === 0, `exit ${status}; ${stdout.slice(-1500)} ${stderr.slice(-1500)}`);
  check('takes under 90 s', seconds < 90, `${seconds.toFixed(1)} s`);
  process.stdout.write(`   ${seconds.toFixed(1)} s\n`);
}

function killed(times: number): void {
  play(`killed ${times} times`, ['--scenario', 'bad', '--chaos-kill', String(times)], (played) => {
    reverted(played);
    const { controllerRestarts } = played.result;
    check(`the controller was restarted ${times} times`, controllerRestarts === times, String(controllerRestarts));
    check('takes under 4 minutes', played.seconds < 240, `${played.seconds.toFixed(1)} s`);
  });
}

function teamsOwn(): void {
  if (!existsSync(teamManifests)) {
    process.stdout.write(`\n   A team's own manifests are not played: there is no ${teamManifests}.\n`);
    return;
  }
  play("a team's own manifests, bad", ['--scenario', 'bad', '--manifests', teamManifests], reverted);
  play("a team's own manifests, good", ['--scenario', 'good', '--manifests', teamManifests], promoted);
}

const scenarios: Record<string, () => void> = {
  story: told,
  bad: () => play('bad', ['--scenario', 'bad'], reverted),
  killed: () => killed(20),
  good: () => play('good', ['--scenario', 'good'], promoted),
  outage: () => play('outage', ['--scenario', 'outage'], heldThenPromoted),
  protected: () => play('protected, killed 8 times', ['--scenario', 'protected', '--chaos-kill', '8'], merged),
  veto: () => play('veto', ['--scenario', 'veto'], vetoed),
  monorepo: () => play('monorepo', ['--scenario', 'monorepo'], partlyReverted),
  'two-clusters': () =>
    play('two clusters, killed 8 times', ['--scenario', 'two-clusters', '--chaos-kill', '8'], revertedOnce),
  manifests: teamsOwn,
};

const [report, ...chosen] = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : Object.keys(scenarios)) scenarios[name]?.();
if (report) writeFileSync(report, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
