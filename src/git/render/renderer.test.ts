import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import { isolatedEnvironment, locateProgram, usableWrappers, type Wrapper, wrapped } from './isolation.ts';
import { shownError } from './programs.ts';
import { argumentsOf, createRenderer, type Job, type RendererOptions } from './renderer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-renderer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
/** A program of our own that answers with a version, and otherwise does what the script says. */
async function program(script: string) {
  const path = join(folder, `program-${count++}`);
  await writeFile(path, `#!/bin/sh\n[ "$1" = version ] && echo v5.0.0 && exit 0\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
const files = new Map([['app/kustomization.yaml', Buffer.from('resources: []\n')]]);
const job: Job = { tool: 'kustomize', folder: 'app', files };

async function rendererOf(script: string, options: Partial<RendererOptions> = {}) {
  const kustomize = await program(script);
  return createRenderer({ programs: { kustomize }, environment: process.env, log: silentLog(), ...options });
}
async function outputOf(script: string, options?: Partial<RendererOptions>) {
  const rendering = await (await rendererOf(script, options)).render(job);
  if (rendering.kind === 'failed') throw new Error(rendering.message);
  return rendering.output.toString();
}

describe('a program that renders', () => {
  it('sees the files, and nothing of the machine', async () => {
    const own = {
      ...process.env,
      SECRET_TOKEN: 'abc',
      KUBECONFIG: '/root/.kube/config',
      GIT_ASKPASS: 'x',
      AWS_PROFILE: 'y',
    };
    const text = await outputOf('/bin/cat "$3/kustomization.yaml"; /usr/bin/env; echo "argv=$*"', { environment: own });
    expect(text).toMatch(/^resources: \[\]\n/);
    const environment = new Map(text.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]));
    const home = environment.get('HOME') ?? '';
    const expected = isolatedEnvironment(home);
    for (const [name, value] of Object.entries(expected)) expect([name, environment.get(name)]).toEqual([name, value]);
    // Those that the shell adds.
    const added = ['PWD', 'OLDPWD', 'SHLVL', '_', 'argv', 'resources: []', ''];
    expect([...environment.keys()].filter((name) => !(name in expected) && !added.includes(name))).toEqual([]);
    expect(environment.get('argv')).toMatch(/^build --load-restrictor=LoadRestrictionsRootOnly \/.*\/repository\/app$/);
  });

  it('leaves nothing behind, whatever becomes of it', async () => {
    const record = join(folder, 'record');
    const tell = `echo "$HOME/.." >> ${record}; echo x > "$HOME/x"`;
    await outputOf(tell);
    await outputOf(`${tell}; exit 1`).catch(() => {});
    await outputOf(`${tell}; /bin/sleep 60`, { timeoutMilliseconds: 300 }).catch(() => {});
    const homes = (await readFile(record, 'utf8')).trim().split('\n');
    expect(homes).toHaveLength(3);
    for (const home of homes) await expect(access(home)).rejects.toThrow('ENOENT');
  });

  it('gets files that nobody else can read', async () => {
    expect(await outputOf('/bin/ls -ld "$HOME/.." "$3" "$3/kustomization.yaml"')).toMatch(
      /^drwx------.*\ndrwx------.*\n-rw-------/,
    );
  });

  it('runs alone', async () => {
    const mark = join(folder, 'mark');
    const renderer = await rendererOf(`[ -e ${mark} ] && exit 1; : > ${mark}; /bin/sleep 0.1; /bin/rm ${mark}`);
    const renderings = await Promise.all([renderer.render(job), renderer.render(job), renderer.render(job)]);
    expect(renderings.map(({ kind }) => kind)).toEqual(['rendered', 'rendered', 'rendered']);
  });

  it('is told about in words, with the paths of the repository', async () => {
    const script = 'echo "# Warning: old" >&2; echo "Error: $3/kustomization.yaml: no such field" >&2; exit 1';
    expect(await (await rendererOf(script)).render(job)).toEqual({
      kind: 'failed',
      message: 'kustomize cannot render it (exit code 1): Error: app/kustomization.yaml: no such field',
    });
  });

  it('is stopped where it says too much', async () => {
    expect(await (await rendererOf('exec /usr/bin/yes')).render(job)).toEqual({
      kind: 'failed',
      message: 'kustomize answered with more than 16777216 bytes and was stopped',
    });
  });

  it('may do better another time where it is stopped for its time, or ends by a signal', async () => {
    const slow = await rendererOf('/bin/sleep 60', { timeoutMilliseconds: 100 });
    await expect(slow.render(job)).rejects.toMatchObject({ name: 'Waiting', reason: 'RenderTimedOut', retryAfter: 60 });
    const killed = await rendererOf('kill -9 $$');
    await expect(killed.render(job)).rejects.toMatchObject({ name: 'Waiting', reason: 'RenderInterrupted' });
  });

  it('is looked for anew when it is gone', async () => {
    const kustomize = await program('echo a');
    const renderer = createRenderer({ programs: { kustomize }, environment: process.env, log: silentLog() });
    expect(await renderer.availability('kustomize')).toEqual({ kind: 'ready', version: 'v5.0.0' });
    await rm(kustomize);
    await expect(renderer.render(job)).rejects.toMatchObject({ reason: 'RenderInterrupted' });
    expect(await renderer.availability('kustomize')).toMatchObject({ kind: 'missing' });
  });

  it('holds virtual time', async () => {
    let busy = 0;
    let most = 0;
    const clock = {
      ...machineClock(),
      busy: () => {
        most = Math.max(most, ++busy);
        return () => void busy--;
      },
    };
    await outputOf('echo a', { clock });
    expect([busy, most]).toEqual([0, 1]);
  });
});

describe('a program that is not there', () => {
  const missing = (options: Partial<RendererOptions>) =>
    createRenderer({ environment: { PATH: folder }, log: silentLog(), ...options }).availability('kustomize');

  it.each([
    ['on the PATH', {}, 'there is none on the PATH. Install it beside Headgate, and name it with --kustomize PATH'],
    ['where it was said to be', { programs: { kustomize: '/no/such' } }, '/no/such is no program that can be run'],
  ])('%s: what is missing, and where to get it', async (_, options, words) => {
    expect(await missing(options)).toEqual({ kind: 'missing', message: expect.stringContaining(words) });
  });

  it('or is something else', async () => {
    const path = join(folder, 'else');
    await writeFile(path, '#!/bin/sh\necho "unknown command" >&2\nexit 3\n');
    await chmod(path, 0o755);
    expect(await missing({ programs: { kustomize: path } })).toEqual({
      kind: 'missing',
      message: `${path} does not run as kustomize: unknown command. Name a working one with --kustomize PATH`,
    });
  });

  it('is found on the PATH, but not in the folder where it happens to run', async () => {
    const path = await program('');
    const name = path.slice(folder.length + 1);
    expect(await locateProgram(name, { PATH: `.::${folder}` })).toBe(path);
    expect(await locateProgram(name, { PATH: '.' })).toBeUndefined();
    expect(await locateProgram(folder, {})).toBeUndefined();
  });
});

it('takes away what can be taken away on this machine, the outermost first', async () => {
  const tried: string[][] = [];
  const names = (wrappers: readonly Wrapper[]) => wrappers.map(({ limits }) => limits);
  for (const name of ['prlimit', 'unshare', 'setpriv']) {
    await writeFile(join(folder, name), '#!/bin/sh\n');
    await chmod(join(folder, name), 0o755);
  }
  const usable = await usableWrappers({ PATH: folder }, async (wrappers) => {
    tried.push(names(wrappers));
    // No user namespaces here, but root.
    return !wrappers.some(({ args }) => args.includes('--user'));
  });
  expect(names(usable)).toEqual(['memory', 'network', 'privileges']);
  expect(tried).toHaveLength(4);
  const line = wrapped(usable, '/bin/kustomize', ['build', 'x']);
  expect(line.program).toBe(join(folder, 'prlimit'));
  expect(line.args.join(' ')).toMatch(
    /^--as=\d+ --data=\d+ --cpu=\d+ --core=0 -- \/.*\/unshare --net -- \/.*\/setpriv --no-new-privs -- \/bin\/kustomize build x$/,
  );
  expect(await usableWrappers({ PATH: '' }, () => Promise.resolve(true))).toEqual([]);
  expect(wrapped([], '/bin/kustomize', ['build'])).toEqual({ program: '/bin/kustomize', args: ['build'] });
});

it('calls Helm by a fixed line, in which nothing from outside can be an option', () => {
  const helm: Job = {
    tool: 'helm',
    folder: 'charts/web',
    files,
    releaseName: '--post-renderer=x',
    namespace: 'shop',
    valueFiles: ['charts/web/prod.yaml', 'env/prod.yaml'],
  };
  expect(argumentsOf(helm, '/r')).toEqual([
    ...['template', '--namespace=shop', '--include-crds', '--skip-tests', '--no-hooks', '--skip-schema-validation'],
    ...['--values=/r/charts/web/prod.yaml', '--values=/r/env/prod.yaml', '--', '--post-renderer=x', '/r/charts/web'],
  ]);
});

describe('SOPS', () => {
  const encrypted = { content: Buffer.from('a: ENC[1]\n'), format: 'yaml', keys: 'AGE-KEY-1\nAGE-KEY-2' } as const;
  const decrypting = async (script: string) => {
    const sops = await program(`[ "$1" = --version ] && echo "sops 3.9.4" && exit 0\n${script}`);
    const environment = { ...process.env, SOPS_AGE_KEY_FILE: '/x', AWS_PROFILE: 'y', VAULT_TOKEN: 'z' };
    return createRenderer({ programs: { sops }, environment, log: silentLog() }).decrypt(encrypted);
  };

  it('gets one file and the age keys, by a fixed line, and nothing else that opens anything', async () => {
    const done = await decrypting('echo "argv=$*"; /bin/cat "$4"; /usr/bin/env');
    const text = done.kind === 'rendered' ? done.output.toString() : '';
    expect(text).toMatch(/^argv=--decrypt --input-type=yaml --output-type=yaml \/\S+\/file\.yaml\na: ENC\[1\]\n/);
    expect(text).toContain('SOPS_AGE_KEY=AGE-KEY-1\nAGE-KEY-2\n');
    expect(text).toContain('SOPS_DISABLE_VERSION_CHECK=1');
    expect(text).not.toMatch(/SOPS_AGE_KEY_FILE|AWS_PROFILE|VAULT_TOKEN/);
  });

  it('is told about without a key, wherever its words are cut', async () => {
    const done = await decrypting(`printf '%0290d AGE-KEY-1 AGE-KEY-2' 0 >&2; exit 128`);
    expect(done).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('sops cannot decrypt it (exit code 128)'),
    });
    expect(JSON.stringify(done)).not.toContain('AGE-');
  });
});

it('shows at most 300 characters of an error, without credentials', () => {
  expect(shownError(`Error: /r/app/x\n  and https://u:p@host/ ${'x'.repeat(400)}`, '/r')).toMatch(
    /^Error: app\/x and https:\/\/\[redacted\]@host\/ x{200,}$/,
  );
  expect(shownError('x'.repeat(400), '/r')).toHaveLength(300);
});
