import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { apiVersionOf, KINDS } from '../../src/sandbox/api/kinds.ts';
import { type MachineWorld, machineWorld } from './world.ts';

const KUBECTL = process.env.KUBECTL || 'kubectl';
const MANIFESTS = '../shared/data/manifests';

function isThere(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch {
    return false;
  }
}

const hasKubectl = isThere(() => execFileSync(KUBECTL, ['version', '--client'], { stdio: 'ignore' }));
const hasManifests = isThere(() => readdirSync(MANIFESTS));
if (!hasKubectl) console.warn('SKIPPED test/kubectl: no kubectl; set KUBECTL to one or put it on PATH');
if (!hasManifests) console.warn(`SKIPPED test/kubectl, manifests: there is no ${MANIFESTS}`);

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop, labels: { team: shop } }
spec:
  replicas: 4
  selector: { matchLabels: { app: shop } }
  strategy:
    canary:
      steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }]
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers: [{ name: shop, image: 'registry.example/shop:1.0.0' }]
`;

let world: MachineWorld;
let folder = '';

const kubectl = (...args: string[]) => world.run(KUBECTL, args);

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe.skipIf(!hasKubectl)('the stock kubectl', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-kubectl-'));
    world = await machineWorld(folder);
  });
  afterAll(async () => {
    await world.stop();
    await rm(folder, { recursive: true });
  });

  it('creates a Rollout, refuses the same again, and waits for it', async () => {
    const path = await file('shop.yaml', ROLLOUT);
    expect((await kubectl('create', '-f', path)).stdout).toBe('rollout.argoproj.io/shop created\n');
    const again = await kubectl('create', '-f', path);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(
      `Error from server (AlreadyExists): error when creating "${path}": rollouts.argoproj.io "shop" already exists`,
    );
    const available = await kubectl('wait', 'rollout/shop', '--for=condition=Available', '--timeout=20s');
    expect(available.stdout).toBe('rollout.argoproj.io/shop condition met\n');
    const healthy = await kubectl('wait', 'rollout/shop', '--for=jsonpath={.status.phase}=Healthy', '--timeout=20s');
    expect(healthy.stdout).toBe('rollout.argoproj.io/shop condition met\n');
  });

  it('shows Rollouts as a table, wide, by label, as names, as JSON and by short name', async () => {
    const table = await kubectl('get', 'rollouts');
    const [head, row, ...rest] = table.stdout.trimEnd().split('\n');
    expect(head?.split(/\s+/)).toEqual(['NAME', 'DESIRED', 'CURRENT', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
    expect(row).toMatch(/^shop\s+4\s+4\s+4\s+4\s+\d+s$/);
    expect(rest).toEqual([]);
    expect((await kubectl('get', 'ro', '-l', 'team=shop', '-o', 'name')).stdout).toBe('rollout.argoproj.io/shop\n');
    expect((await kubectl('get', 'ro', '-l', 'team=other')).stderr).toBe('No resources found in default namespace.\n');
    const json = await kubectl('get', 'rollout.v1alpha1.argoproj.io', 'shop', '-o', 'jsonpath={.status.phase}');
    expect(json.stdout).toBe('Healthy');
    const all = await kubectl('get', 'rs,pods,ro', '-A', '--show-labels');
    expect(all.stdout).toMatch(/replicaset\.apps\/shop-/);
    expect(all.stdout.match(/pod\/shop-.* 1\/1 +Running/g)).toHaveLength(4);
    const missing = await kubectl('get', 'rollout', 'nothing');
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toBe('Error from server (NotFound): rollouts.argoproj.io "nothing" not found\n');
  });

  it('explains the fields of a Rollout', async () => {
    const explained = await kubectl('explain', 'rollout.spec.strategy');
    expect(explained.stderr).toBe('');
    expect(explained.stdout).toMatch(/^GROUP:\s+argoproj\.io\nKIND:\s+Rollout\nVERSION:\s+v1alpha1\n/);
    expect(explained.stdout).toMatch(/\n {2}canary\t<Object>/);
    expect((await kubectl('explain', 'rollout.spec.strategy.canary.steps.setWeight')).stdout).toContain('<integer>');
    expect((await kubectl('explain', 'pod.spec.containers')).code).toBe(0);
  });

  it('lists what the server serves', async () => {
    const resources = await kubectl('api-resources', '--api-group=argoproj.io', '--no-headers');
    expect(resources.stdout).toMatch(/^rollouts\s+ro\s+argoproj\.io\/v1alpha1\s+true\s+Rollout$/m);
    expect((await kubectl('api-versions')).stdout).toContain('headgate.dev/v1alpha1\n');
    expect((await kubectl('version')).stdout).toContain('Server Version: ');
  });

  it('says who may do what', async () => {
    expect(await kubectl('auth', 'can-i', 'patch', 'rollouts.argoproj.io')).toMatchObject({ code: 0, stdout: 'yes\n' });
    world.api.authorize = ({ verb, resource }) => !(verb === 'delete' && resource === 'rollouts');
    try {
      const refused = await kubectl('auth', 'can-i', 'delete', 'rollouts.argoproj.io');
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stdout).toMatch(/^no\b/);
      const forbidden = await kubectl('delete', 'rollout', 'shop');
      expect(forbidden.stderr).toMatch(
        /^Error from server \(Forbidden\): rollouts\.argoproj\.io "shop" is forbidden: /,
      );
    } finally {
      world.api.authorize = () => true;
    }
  });

  it('drives a canary by patches of the status: promote, abort, retry', async () => {
    const patch = async (status: object) => {
      const body = JSON.stringify({ status });
      return kubectl('patch', 'rollout', 'shop', '--subresource', 'status', '--type', 'merge', '-p', body);
    };
    const image = JSON.stringify([
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'registry.example/shop:1.1.0' },
    ]);
    const watching = world.start(KUBECTL, ['get', 'rollout', 'shop', '-w', '--output-watch-events']);
    expect((await kubectl('patch', 'rollout', 'shop', '--type', 'json', '-p', image)).stdout).toBe(
      'rollout.argoproj.io/shop patched\n',
    );
    await world.until('shop', ({ status }) => status?.phase === 'Paused' && status.currentStepIndex === 1);
    await watching.printed(/MODIFIED +shop +4 +\d +1 +4/);
    watching.kill();
    expect((await patch({ pauseConditions: null })).stdout).toBe('rollout.argoproj.io/shop patched\n');
    await world.until('shop', ({ status }) => status?.phase === 'Paused' && status.currentStepIndex === 3);
    await patch({ abort: true });
    await world.until('shop', ({ status }) => status?.phase === 'Degraded');
    await patch({ abort: false });
    await world.until('shop', ({ status }) => status?.phase === 'Paused' && status.currentStepIndex === 1);
    const unchanged = await patch({ abort: false });
    expect(unchanged.stdout).toMatch(/^rollout\.argoproj\.io\/shop patched/);
  });

  it('describes the Rollout, with its events', async () => {
    await world.eventually(() => world.api.store.list('Event', 'default').length > 5);
    const described = await kubectl('describe', 'rollout', 'shop');
    expect(described.stderr).toBe('');
    for (const text of [
      'Name:         shop',
      'Kind:         Rollout',
      'RolloutAborted',
      'RolloutPaused',
      'rollouts-controller',
    ]) {
      expect(described.stdout).toContain(text);
    }
    const events = await kubectl('get', 'events', '--field-selector', 'involvedObject.kind=Rollout');
    expect(events.stdout.split('\n')[0]?.split(/\s+/)).toEqual(['LAST', 'SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']);
    expect(events.stdout).toMatch(/Normal +RolloutStepCompleted +rollout\/shop/);
    expect((await kubectl('events', '--for', 'rollout/shop')).stdout).toContain('RolloutStepCompleted');
    expect((await kubectl('describe', 'pods')).code).toBe(0);
    expect((await kubectl('describe', 'rs')).stdout).toContain('Controlled By:');
  });

  it('scales', async () => {
    expect((await kubectl('scale', 'rollout', 'shop', '--replicas=8')).stdout).toBe(
      'rollout.argoproj.io/shop scaled\n',
    );
    await world.until('shop', ({ status }) => status?.availableReplicas === 8);
    expect(world.rollout('shop').status?.updatedReplicas).toBe(2);
    const wrong = await kubectl('scale', 'rollout', 'shop', '--replicas=4', '--current-replicas=5');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('Expected replicas to be 5, was 8');
    await kubectl('scale', 'rollout', 'shop', '--replicas=4');
    await world.until('shop', ({ spec, status }) => spec.replicas === 4 && status?.replicas === 4);
  });

  it('deletes a pod, which comes back', async () => {
    const { stdout } = await kubectl('get', 'pods', '-l', 'app=shop', '-o', 'name');
    const [victim = ''] = stdout.split('\n');
    const deleted = await kubectl('delete', victim);
    expect(deleted.stdout).toContain(`${victim.replace('pod/', 'pod "')}" deleted`);
    await world.until('shop', ({ status }) => status?.availableReplicas === 4);
    const after = (await kubectl('get', 'pods', '-l', 'app=shop', '-o', 'name')).stdout.trimEnd().split('\n');
    expect(after).toHaveLength(4);
    expect(after).not.toContain(victim);
  });

  it('applies, sees no difference, shows one before it is made, and prunes what was taken out', async () => {
    const before = await file(
      'web.yaml',
      ROLLOUT.replaceAll('shop', 'web').replace('spec:', 'spec:\n  minReadySeconds: 1'),
    );
    expect((await kubectl('apply', '-f', before)).stdout).toBe('rollout.argoproj.io/web created\n');
    expect((await kubectl('apply', '-f', before)).stdout).toBe('rollout.argoproj.io/web unchanged\n');
    expect(await kubectl('diff', '-f', before)).toMatchObject({ code: 0, stdout: '' });
    const after = await file('web-2.yaml', ROLLOUT.replaceAll('shop', 'web').replace('1.0.0', '1.0.1'));
    const diff = await kubectl('diff', '-f', after);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toContain(
      '-      - image: registry.example/web:1.0.0\n+      - image: registry.example/web:1.0.1\n',
    );
    expect(diff.stdout).toContain('-  minReadySeconds: 1\n');
    expect((await kubectl('apply', '-f', after, '--dry-run=server')).stdout).toBe(
      'rollout.argoproj.io/web configured (server dry run)\n',
    );
    expect((await kubectl('apply', '-f', after)).stdout).toBe('rollout.argoproj.io/web configured\n');
    expect(world.rollout('web').spec.minReadySeconds).toBeUndefined();
  });

  it('applies on the server, and tells who owns a field that is in dispute', async () => {
    const path = await file('ssa.yaml', ROLLOUT.replaceAll('shop', 'ssa'));
    const apply = (manager: string, file = path) =>
      kubectl('apply', '--server-side', '--field-manager', manager, '-f', file);
    expect((await apply('one')).stdout).toBe('rollout.argoproj.io/ssa serverside-applied\n');
    expect((await apply('one')).stdout).toBe('rollout.argoproj.io/ssa serverside-applied\n');
    const other = await file('ssa-2.yaml', ROLLOUT.replaceAll('shop', 'ssa').replace('replicas: 4', 'replicas: 5'));
    const conflict = await apply('two', other);
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toContain('Apply failed with 1 conflict: conflict with "one"');
    expect(conflict.stderr).toContain('.spec.replicas');
    const forced = await kubectl('apply', '--server-side', '--force-conflicts', '--field-manager', 'two', '-f', other);
    expect(forced.code).toBe(0);
    expect(world.rollout('ssa').spec.replicas).toBe(5);
  });

  it('labels, annotates, edits by strategic patch where the kind has it, and refuses it where not', async () => {
    expect((await kubectl('label', 'rollout', 'shop', 'tier=web')).stdout).toBe('rollout.argoproj.io/shop labeled\n');
    expect((await kubectl('annotate', 'rollout', 'shop', 'note=x')).stdout).toBe(
      'rollout.argoproj.io/shop annotated\n',
    );
    const refused = await kubectl('patch', 'rollout', 'shop', '-p', '{"spec":{"replicas":4}}');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'application/strategic-merge-patch+json is not supported by argoproj.io/v1alpha1, Kind=Rollout',
    );
    await kubectl('create', 'service', 'clusterip', 'shop', '--tcp=80');
    const patched = await kubectl('patch', 'service', 'shop', '-p', '{"spec":{"ports":[{"port":81,"name":"b"}]}}');
    expect(patched.stdout + patched.stderr).toMatch(/service\/shop patched|must be unique|name/);
    expect((await kubectl('get', 'service', 'shop', '-o', 'jsonpath={.spec.clusterIP}')).stdout).toMatch(/^10\./);
  });

  it('refuses what the schema does not know, by name', async () => {
    const path = await file('wrong.yaml', ROLLOUT.replaceAll('shop', 'wrong').replace('replicas: 4', 'replicaz: 4'));
    const wrong = await kubectl('apply', '-f', path);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/unknown field "spec\.replicaz"/);
    const typed = await file(
      'typed.yaml',
      ROLLOUT.replaceAll('shop', 'wrong').replace('replicas: 4', 'replicas: many'),
    );
    const mistyped = await kubectl('apply', '-f', typed);
    expect(mistyped.code).toBe(1);
    expect(mistyped.stderr).toContain(
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
    );
  });

  it('deletes, with all that the Rollout owned', async () => {
    expect((await kubectl('delete', 'rollout', 'web', '--timeout=20s')).stdout).toContain(
      'rollout.argoproj.io "web" deleted',
    );
    await world.eventually(
      () => world.api.store.list('Pod', { namespace: 'default', labelSelector: 'app=web' }).length === 0,
    );
    const gone = await kubectl('delete', 'rollout', 'web');
    expect(gone.stderr).toBe('Error from server (NotFound): rollouts.argoproj.io "web" not found\n');
    expect((await kubectl('delete', 'rollout', 'web', '--ignore-not-found')).code).toBe(0);
    expect((await kubectl('wait', '--for=delete', 'rollout/web', '--timeout=5s')).code).toBe(0);
  });

  describe.skipIf(!hasManifests)('with manifests as teams publish them', () => {
    const served = new Set(KINDS.map(({ kind, group, version }) => `${apiVersionOf({ group, version })}/${kind}`));
    const files = hasManifests ? manifestsOf(MANIFESTS, served) : [];
    it.each(files)('%s', async (path) => {
      const name = path.replace(/[^a-z]/g, '-').slice(0, 50);
      const from = ['-f', join(MANIFESTS, path)];
      for (const [namespace, ...flags] of [[name], [`${name}-s`, '--server-side', '--force-conflicts']] as const) {
        const own = ownNamespaces(path);
        for (const each of [namespace, ...own]) await kubectl('create', 'namespace', each);
        const where = own.length === 0 ? ['-n', namespace] : [];
        const generations = async () =>
          (await kubectl('get', ...where, ...from, '-o', 'jsonpath={..metadata.generation}')).stdout;
        expect(await kubectl('apply', ...where, ...flags, ...from)).toMatchObject({ code: 0, stderr: '' });
        const before = await generations();
        expect(await kubectl('apply', ...where, ...flags, ...from)).toMatchObject({ code: 0, stderr: '' });
        // "configured" comes back where the schema has defaults in a list, as with the stock definitions; nothing changes.
        expect(await generations()).toBe(before);
        const { stdout } = await kubectl('diff', ...where, ...flags, ...from);
        expect(changedLines(stdout).filter((line) => !CONTROLLERS_OWN.test(line))).toEqual([]);
      }
    });
  });
});

/** What a Rollout's controller puts into the selectors of its Services, which are one whole to the API server. */
const CONTROLLERS_OWN = /^- +rollouts-pod-template-hash: \w+$/;

function changedLines(diff: string): string[] {
  return diff.split('\n').filter((line) => /^[-+]/.test(line) && !/^(---|\+\+\+) /.test(line));
}

function ownNamespaces(path: string): string[] {
  return [...readFileSync(join(MANIFESTS, path), 'utf8').matchAll(/^ {2}namespace: (\S+)$/gm)].map(
    ([, name = '']) => name,
  );
}

/** The files below the folder that hold only objects of these kinds, given as in `apps/v1/ReplicaSet`. */
function manifestsOf(root: string, kinds: Set<string>): string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().filter((name) => {
    const text = readFileSync(join(root, name), 'utf8');
    // Templates of other tools are not YAML.
    if (/^\s*\{\{|: \{\{/m.test(text)) return false;
    const documents = parseAllDocuments(text);
    const objects = documents.filter(({ contents }) => contents !== null);
    return objects.length > 0 && objects.every((one) => kinds.has(`${one.get('apiVersion')}/${one.get('kind')}`));
  });
}
