import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToEnd } from '../../test/command-line.ts';
import { healthy } from '../../test/rollout-pictures.ts';
import { type TinyApiServer, tinyApiServer } from '../../test/tiny-api-server.ts';
import { verbs } from './run.ts';
import { flagsOf } from './verb.ts';

let server: TinyApiServer;
beforeAll(async () => {
  server = await tinyApiServer();
  const { rollout } = healthy();
  for (const name of ['cart', 'card', 'shop'])
    server.put('rollouts', { ...rollout, metadata: { ...rollout.metadata, name, uid: name } });
  const metadata = { name: 'revert-1', namespace: 'shop' };
  server.put('gitreverts', { apiVersion: 'headgate.dev/v1alpha1', kind: 'GitRevert', metadata });
});
afterAll(() => server.close());

/** What is offered for the last word of a line, without descriptions; how a shell goes on is the last line. */
async function offered(...line: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runToEnd(['__complete', ...line]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((candidate) => candidate.split('\t')[0] ?? '');
}

const here = () => ['--kubeconfig', server.kubeconfig];

describe('a line is completed', () => {
  it.each<[string, string[], string[]]>([
    ['a command', ['pro'], ['promote', ':4']],
    ['a command of which there are several', ['ret'], ['retry', ':4']],
    ['a command after flags', ['-n', 'shop', 'ab'], ['abort', ':4']],
    ['a command that reads its own flags', ['control'], ['controller', ':4']],
    ['a noun', ['get', ''], ['rollout', 'experiment', ':4']],
    ['what to do with a revert', ['revert', ''], ['list', 'show', 'diff', 'skip', 'approve', 'retry', ':4']],
    ['a noun among those without', ['create', 'a'], ['analysisrun', ':4']],
    ['a flag', ['promote', '--f'], ['--full', ':4']],
    ['a flag of a noun', ['get', 'rollout', '--no'], ['--no-color', ':4']],
    ['a flag that is on unless told otherwise', ['status', '--no-'], ['--no-watch', ':4']],
    ['a flag before the command', ['--kube'], ['--kubeconfig', ':4']],
    ['a file', ['create', '-f', ''], [':0']],
    ['a kubeconfig', ['--kubeconfig', ''], [':0']],
    ['a file in the same word', ['promote', '--kubeconfig=x'], [':0']],
    ['files to lint', ['lint', ''], [':0']],
    ['a shell', ['completion', 'z'], ['zsh', ':4']],
    ['no second shell', ['completion', 'zsh', ''], [':4']],
    ['help', ['help', 'unp'], [':4']],
    ['the value of a flag that nobody knows', ['status', '-t', ''], [':4']],
    ['an unknown command', ['nothing', ''], [':4']],
    ['an empty line of nothing', [], everyCommand()],
  ])('with %s', async (_, line, words) => {
    expect(await offered(...line)).toEqual(words);
  });

  it('knows every command with every one of its flags', async () => {
    for (const { name, noun, ...verb } of verbs) {
      expect(await offered('')).toContain(name);
      const line = [name, ...(noun ?? []).slice(0, 1)];
      const flags = await offered(...line, '--');
      for (const [flag, { default: isOn }] of Object.entries(flagsOf({ name, ...verb })))
        expect(flags, line.join(' ')).toContain(`--${isOn ? 'no-' : ''}${flag}`);
    }
  });

  it('says what each of them is', async () => {
    const { stdout } = await runToEnd(['__complete', 'promote', '--fu']);
    expect(stdout).toBe('--full\tpromote at once, without analyses, pauses and steps\n:4\n');
  });

  it.each<[string, string[], string[]]>([
    ['one name', ['promote', 'ca'], ['card', 'cart', ':4']],
    ['the next of several', ['abort', 'cart', 'ca'], ['card', ':4']],
    ['one after a noun', ['get', 'ro', 's'], ['shop', ':4']],
    ['one after flags', ['retry', '-n', 'shop', 'rollout', 'sh'], ['shop', ':4']],
    ['no second one, where there is one', ['promote', 'cart', ''], [':4']],
    ['one of a GitRevert', ['revert', 'skip', ''], ['revert-1', ':4']],
    ['one whose plan is shown', ['revert', 'diff', ''], ['revert-1', ':4']],
    ['no second one of a GitRevert', ['revert', 'show', 'revert-1', ''], [':4']],
    ['no name of an Experiment', ['get', 'experiment', ''], [':4']],
  ])('with names of objects: %s', async (_, line, words) => {
    expect((await offered(...here(), ...line)).sort()).toEqual(words.sort());
  });

  it('says nothing where no cluster answers', async () => {
    expect(await offered('--kubeconfig', '/nowhere/kubeconfig', 'promote', '')).toEqual([':4']);
  });
});

function everyCommand(): string[] {
  const delegates = ['controller', 'demo', 'help'];
  return [...new Set(verbs.map(({ name }) => name)), ...delegates, ':4'];
}

describe('the scripts', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])('%s: asks the program itself', async (shell) => {
    const { code, stdout } = await runToEnd(['completion', shell], { program: 'kubectl headgate' });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^(#compdef kubectl-headgate\n)?# ${shell} completion for kubectl-headgate\n`));
    expect(stdout).toContain(' __complete ');
    expect(stdout, 'nothing of this source is left unfilled').not.toMatch(/undefined|\$\{(program|name|COMPLETE)\}/);
    for (const pair of ['[]', '{}']) {
      const count = (character: string) => stdout.split(character).length;
      expect(count(pair.charAt(0)), pair).toBe(count(pair.charAt(1)));
    }
  });

  it.each([
    [[], 'needs the name of a shell'],
    [['tcsh'], 'cannot do tcsh; known are bash, zsh, fish, powershell'],
    [['bash', 'zsh'], 'cannot do bash zsh'],
  ])('are for known shells: %j', async (args, message) => {
    const result = await runToEnd(['completion', ...args]);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });
});

const hasBash = spawnSync('bash', ['-c', 'exit 0']).status === 0;

describe.skipIf(!hasBash)('bash itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-completion-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    for (const program of ['headgate', 'kubectl-headgate']) {
      const file = join(folder, program);
      const source = fileURLToPath(new URL(`./${program}.ts`, import.meta.url));
      writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${source}' "$@"\n`);
      chmodSync(file, 0o755);
    }
    writeFileSync(join(folder, 'a file.yaml'), '');
  });

  /** What bash would offer for the last of the words. */
  async function tab(program: string, ...words: string[]): Promise<string[]> {
    const complete = `
      source <(${program} completion bash) || exit 1
      set -u
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      $(complete -p ${program} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      [[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const child = spawn('bash', ['-c', complete, 'bash', program, ...words], {
      cwd: folder,
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out.split('\n').filter(Boolean);
  }

  it('completes commands, flags, names and files', async () => {
    expect(await tab('headgate', 'prom')).toEqual(['promote']);
    expect(await tab('kubectl-headgate', 'promote', 'x', '--skip')).toEqual([
      '--skip-current-step',
      '--skip-all-steps',
    ]);
    expect(await tab('headgate', 'create', '-f', 'a')).toEqual(['a file.yaml']);
    expect((await tab('headgate', ...here(), 'promote', 'ca')).sort()).toEqual(['card', 'cart']);
    // As bash takes --kubeconfig=FILE apart.
    const apart = ['--kubeconfig', '=', server.kubeconfig];
    expect(await tab('headgate', ...apart, 'promote', 's')).toEqual(['shop']);
    expect(await tab('headgate', '--kubeconfig', '=', 'a')).toEqual(['a file.yaml']);
    expect(await tab('headgate', 'nothing', '')).toEqual([]);
  }, 60_000);
});
