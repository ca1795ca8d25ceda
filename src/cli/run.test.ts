import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runToEnd } from '../../test/command-line.ts';
import { expectGolden } from '../../test/golden.ts';
import { verbs } from './run.ts';

describe('a command line', () => {
  it.each([
    [
      'an unknown command',
      ['promot', 'cart'],
      'unknown command "promot"; known commands are get, explain, list, status, promote',
    ],
    ['an unknown flag before the command', ['--wat', 'list'], 'unknown flag before the command "--wat"'],
    [
      'an unknown flag',
      ['promote', 'cart', '--ful'],
      "Unknown option '--ful'; known flags are --full, --skip-current-step",
    ],
    ['a flag without its value', ['promote', 'cart', '--namespace'], "'-n, --namespace <value>' argument missing"],
    ['nothing to get', ['get'], 'get needs to know what; known is rollout, experiment'],
    ['something else to get', ['get', 'pods', 'x'], '"pods" cannot be used with get; known is rollout, experiment'],
    ['a flag of another noun', ['list', 'rollouts', '--color'], "Unknown option '--color'; known flags are --name"],
    ['a name for a list', ['list', 'rollouts', 'x'], 'list rollouts takes no names, not x'],
    ['no name', ['abort'], 'abort needs the name of a Rollout'],
    ['two names', ['status', 'a', 'b'], 'status takes one name, not also b'],
    ['a timeout without a unit', ['status', 'a', '--timeout', '60'], '--timeout "60" is not a time'],
    ['a width that is none', ['get', 'rollout', 'a', '--width=wide'], '--width "wide" is not a whole number above 0'],
    ['two flags that exclude each other', ['promote', 'a', '-c', '-a'], 'exclude each other'],
    ['nothing to lint', ['lint'], 'lint needs a file or directory'],
  ])('with %s is refused', async (_, args, message) => {
    const { code, stdout, stderr } = await runToEnd(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says which contexts there are', async () => {
    const { code, stderr } = await runToEnd(['list', 'rollouts', '--kubeconfig', '/nowhere/kubeconfig']);
    expect(code).toBe(1);
    expect(stderr).toContain('/nowhere/kubeconfig cannot be read');
  });
});

describe('help', () => {
  it.each([[[]], [['help']], [['--help']], [['-h']]])('is an overview: %j', async (args) => {
    const { code, stdout } = await runToEnd(args);
    expect(code).toBe(0);
    expectGolden(import.meta.url, 'help', stdout);
  });

  it('tells the flags of each command', async () => {
    const names = [...new Set(verbs.map(({ name }) => name))];
    const texts = await Promise.all(names.map(async (name) => (await runToEnd(['help', name])).stdout));
    expectGolden(import.meta.url, 'help-commands', texts.join('\n'));
    for (const [index, name] of names.entries()) {
      expect((await runToEnd([name, '--help'])).stdout).toBe(texts[index]);
    }
  });

  it('tells the flags of one noun only, where that is asked', async () => {
    const { stdout } = await runToEnd(['help', 'get', 'ro']);
    expect(stdout).toContain('Usage: headgate get rollout NAME');
    expect(stdout).not.toContain('get experiment');
    expect((await runToEnd(['get', '-n', 'shop', 'rollout', '--help'])).stdout).toBe(stdout);
    expect((await runToEnd(['create', 'ar', '-h'])).stdout).toContain('Usage: headgate create analysisrun --from');
  });

  it('points to commands that have flags of their own', async () => {
    expect((await runToEnd(['help', 'demo'])).stdout).toContain('headgate demo --help');
  });
});

it('tells its version', async () => {
  expect((await runToEnd(['version'])).stdout).toMatch(/^headgate \d+\.\d+\.\d+\n$/);
});

describe('the programs', () => {
  it.each([
    ['headgate', 'headgate'],
    ['kubectl-headgate', 'kubectl headgate'],
  ])('%s runs as a process, and ends with the code', (file, program) => {
    const path = fileURLToPath(new URL(`./${file}.ts`, import.meta.url));
    const good = spawnSync(process.execPath, [path, 'help'], { encoding: 'utf8' });
    expect({ code: good.status, stderr: good.stderr }).toEqual({ code: 0, stderr: '' });
    expect(good.stdout).toContain(`Usage: ${program} COMMAND`);
    expect(spawnSync(process.execPath, [path, 'nothing']).status).toBe(2);
  });
});
