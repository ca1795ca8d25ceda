/** What `startChild` does that `runChild` does not: how git is called is tested with it. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChild } from './child.ts';
import { startChild } from './starter.ts';

const STARTER = new URL('./starter.ts', import.meta.url).href;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-starter-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const call = (script: string, more: object = {}) => ({
  args: ['-c', script],
  env: { PATH: process.env.PATH ?? '' },
  cwd: folder,
  timeoutMilliseconds: 20_000,
  maxOutputBytes: 1000,
  ...more,
});
const shell = (script: string, more: object = {}) => startChild('sh', call(script, more));
/** The process that starts what is started here. */
const starterId = async () => Number((await shell('echo $PPID')).stdout);

describe.each([
  ['by a process of its own', startChild],
  ['directly', runChild],
])('a program that is started %s', (_, start) => {
  it('gets its arguments, environment, folder and input, and says bytes as they are', async () => {
    const script = 'cat; printf " $0 $A %s \\377" "$(pwd)"; echo oh >&2; exit 3';
    const given = { args: ['-c', script, 'zero'], env: { ...call('').env, A: 'a b' }, input: Buffer.from([0xfe, 0]) };
    const result = await start('sh', call('', given));
    const stdout = Buffer.concat([Buffer.from([0xfe, 0]), Buffer.from(` zero a b ${folder} `), Buffer.from([0xff])]);
    expect(result).toEqual({ code: 3, stdout, stderr: 'oh\n' });
    expect(Buffer.isBuffer(result.stdout)).toBe(true);
  });

  it('is refused where there is none', async () => {
    await expect(start(join(folder, 'nothing'), call(''))).rejects.toThrow('ENOENT');
  });

  it('is stopped with all that it started where it takes too long, says too much, or is not wanted any more', async () => {
    const marker = join(folder, `survived-${start.name}`);
    const lasting = `(sleep 1; touch ${marker}) & sleep 60`;
    const isTooLong = start('sh', call(lasting, { timeoutMilliseconds: 100 }));
    const saysTooMuch = start('sh', call('yes'));
    const control = new AbortController();
    const isUnwanted = start('sh', call(lasting, { signal: control.signal }));
    const isUnwantedAtOnce = start('sh', call(lasting, { signal: AbortSignal.abort('was never wanted') }));
    setTimeout(() => control.abort('is not wanted'), 100);
    expect((await isTooLong).stopped).toEqual({ why: 'took longer than 0.1 s', timedOut: true });
    expect((await saysTooMuch).stopped).toEqual({ why: 'answered with more than 1000 bytes', timedOut: false });
    expect((await isUnwanted).stopped).toEqual({ why: 'is not wanted', timedOut: false });
    expect((await isUnwantedAtOnce).stopped).toEqual({ why: 'was never wanted', timedOut: false });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(existsSync(marker)).toBe(false);
  });
});

it('many are under way at once, and each gets its own answer', async () => {
  const numbers = Array.from({ length: 50 }, (_, at) => at);
  const said = await Promise.all(numbers.map((at) => shell(`sleep 0.${at % 7}; echo ${at}`)));
  expect(said.map(({ stdout }) => Number(stdout))).toEqual(numbers);
});

it('what was under way when the starter was lost counts as stopped, and the next one is started', async () => {
  const lost = await starterId();
  expect(lost).not.toBe(process.pid);
  const underWay = shell('sleep 60');
  process.kill(lost, 'SIGKILL');
  expect((await underWay).stopped).toEqual({ why: 'was lost with the process that started it', timedOut: false });
  expect(await shell('echo there')).toMatchObject({ code: 0, stdout: Buffer.from('there\n') });
  expect(await starterId()).not.toBe(lost);
});

it('keeps nobody from ending, and what is waited for does', async () => {
  const program = join(folder, 'ends.mjs');
  const script = JSON.stringify(call('sleep 0.3; echo done'));
  await writeFile(
    program,
    `import { startChild } from '${STARTER}';\nstartChild('sh', ${script}).then(({ stdout }) => console.log(String(stdout)));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 });
  expect(stdout.trim()).toBe('done');
});

it('ends what is under way when whoever waits for it is killed', async () => {
  const [program, started, marker] = ['waits.mjs', 'started', 'survived'].map((name) => join(folder, name));
  const script = JSON.stringify(call(`touch ${started}; sleep 1; touch ${marker}; sleep 60`));
  await writeFile(program as string, `import { startChild } from '${STARTER}';\nstartChild('sh', ${script});`);
  const waiting = spawn(process.execPath, [program as string], { stdio: 'ignore' });
  await expect
    .poll(
      () =>
        readFile(started as string).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  waiting.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(existsSync(marker as string)).toBe(false);
});
