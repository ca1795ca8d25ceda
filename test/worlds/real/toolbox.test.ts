/** What is told on machines that lack something, before anything is built. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CannotBuild, prepareParts } from './binaries.ts';
import { PARTS, type Part } from './parts.ts';
import { processBegin } from './state.ts';
import { missingTools } from './toolbox.ts';

const { PATH, KUBEBUILDER_ASSETS, XDG_CACHE_HOME } = process.env;
let machine: string;
beforeEach(async () => {
  machine = await mkdtemp(join(tmpdir(), 'headgate-machine-'));
  process.env.PATH = join(machine, 'bin');
  await mkdir(join(machine, 'bin'));
  for (const tool of ['git', 'ip', 'setpriv', 'apt-get', 'dpkg', 'gcc']) await install(tool);
  await install('unshare');
  await install('go', 'echo go1.26.0');
  await install('python3', 'echo pip 25');
});
afterEach(async () => {
  for (const [name, value] of Object.entries({ PATH, KUBEBUILDER_ASSETS, XDG_CACHE_HOME })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await rm(machine, { recursive: true });
});

async function install(tool: string, script = 'exit 0', folder = 'bin') {
  const file = join(machine, folder, tool);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}
const remove = (tool: string) => rm(join(machine, 'bin', tool));
const part = (name: string) => PARTS.find((each) => each.name === name) as Part;

describe.runIf(process.platform === 'linux')('what is missing', () => {
  it('is nothing where all is there', async () => {
    expect(await missingTools(PARTS)).toEqual([]);
  });

  it('is told by tool and part, with what to do', async () => {
    for (const tool of ['ip', 'gcc', 'dpkg']) await remove(tool);
    expect(await missingTools([part('gitea'), part('prometheus')])).toEqual([
      'ip: apt-get install iproute2',
      'gcc, to build gitea: apt-get install gcc libc6-dev',
      "dpkg, to build prometheus: run on Debian or Ubuntu, or put Prometheus' binary into the folder that KUBEBUILDER_ASSETS names",
    ]);
  });

  it.each([
    ['is older', 'echo go1.25.9'],
    ['cannot be run', 'exit 1'],
    ['says nothing that can be read', 'echo devel'],
  ])('is Go where it %s', async (_, script) => {
    await install('go', script);
    expect(await missingTools([part('etcd'), part('contour')])).toEqual([
      'go, to build etcd: install Go 1.26 or later (https://go.dev/dl), or put etcd into the folder that KUBEBUILDER_ASSETS names',
      'go, to build contour: install Go 1.26 or later (https://go.dev/dl)',
    ]);
  });

  it('is pip where there is a Python without it', async () => {
    await install('python3', 'echo No module named pip >&2; exit 1');
    const [line = ''] = await missingTools([part('envoy')]);
    expect(line).toContain('python3, to build envoy: install Python 3 with pip');
  });

  it('is the namespace where none may be entered', async () => {
    await install('unshare', 'exit 1');
    expect(await missingTools([])).toEqual([expect.stringContaining('a network namespace: run as root, or')]);
  });

  it('is told before anything is built, also where all programs are there but not what parts need besides', async () => {
    process.env.XDG_CACHE_HOME = join(machine, 'cache');
    process.env.KUBEBUILDER_ASSETS = join(machine, 'assets');
    await mkdir(join(machine, 'assets'));
    for (const { binaries } of PARTS) for (const name of binaries) await install(name, 'echo v9.8.7', 'assets');
    await remove('go');
    const told: string[] = [];
    const prepared = prepareParts({ tell: (line) => told.push(line) });
    await expect(prepared).rejects.toThrow(CannotBuild);
    await expect(prepared).rejects.toThrow(
      /^go, to build contour: install Go 1.26 or later \(https:\/\/go.dev\/dl\)\ngo, to build gitea: [^,]+$/,
    );
    expect(told).toEqual([]);
  });
});

it('knows a process again, and takes no other one of the same number for it', async () => {
  const begin = processBegin(process.pid);
  expect(begin).toMatch(/^\d+$/);
  expect(processBegin(process.pid)).toBe(begin);
  expect(processBegin(process.ppid)).not.toBe(begin);
  expect(processBegin(2 ** 30)).toBeUndefined();
});
