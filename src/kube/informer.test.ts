import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kubernetes.ts';
import { createLog, silentLog } from '../log.ts';
import type { KubeConnection } from './client.ts';
import { createKubeClient } from './http-client.ts';
import { createInformer, type Informer } from './informer.ts';
import type { InformerOptions } from './informer-options.ts';
import { pods, replicaSets } from './resources.ts';
import { reply, startTestServer, status, type TestServer } from './test-server.ts';

const COLLECTION = '/apis/apps/v1/namespaces/shop/replicasets';
const QUICK = { firstRetryMilliseconds: 2, longestRetryMilliseconds: 20, absentMilliseconds: 30 };

let server: TestServer;
let connection: KubeConnection;
let informers: Informer<KubeObject>[];

beforeEach(async () => {
  server = await startTestServer();
  connection = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'test' });
  informers = [];
});

afterEach(async () => {
  await Promise.all(informers.map((informer) => informer.stop()));
  connection.close();
  await server.stop();
});

function object(name: string, more: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { metadata: { name, namespace: 'shop', ...more } };
}

function inform(options: Partial<InformerOptions<KubeObject>> = {}) {
  const { timing, ...rest } = options;
  const informer = createInformer<KubeObject>({
    connection,
    resource: replicaSets as InformerOptions<KubeObject>['resource'],
    log: silentLog(),
    timing: { ...QUICK, ...timing },
    ...rest,
  });
  const changes: string[] = [];
  informer.onChange((changed, change) => changes.push(`${change} ${changed.metadata.name}`));
  informers.push(informer);
  informer.start();
  return { informer, changes };
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 2 }).toBe(true);
}

async function watching(): Promise<void> {
  await until(() => server.openWatches === 1);
}

const names = (informer: Informer<KubeObject>) =>
  informer
    .list()
    .map(({ metadata }) => metadata.name)
    .sort();

describe('an informer that is left in peace', () => {
  it('lists, fills in what lists leave out, and follows changes', async () => {
    server.put(COLLECTION, object('a', { managedFields: [{ manager: 'x' }] }));
    const { informer, changes } = inform();
    await informer.synced;
    expect(informer.get('shop', 'a')).toMatchObject({ apiVersion: 'apps/v1', kind: 'ReplicaSet' });
    expect(informer.get('shop', 'a')?.metadata.managedFields).toBeUndefined();
    await watching();
    server.put(COLLECTION, object('b'));
    server.put(COLLECTION, object('a', { labels: { x: 'y' } }));
    server.remove(COLLECTION, object('b'));
    await until(() => changes.length === 4);
    expect(changes).toEqual(['added a', 'added b', 'changed a', 'deleted b']);
    expect(names(informer)).toEqual(['a']);
  });

  it('finds objects by namespace and by controller', async () => {
    const owner = { apiVersion: 'v1', kind: 'Rollout', name: 'r', uid: 'owner', controller: true };
    server.put(COLLECTION, object('mine', { ownerReferences: [owner] }));
    server.put(COLLECTION, object('not-controlled', { ownerReferences: [{ ...owner, controller: false }] }));
    server.put('/apis/apps/v1/namespaces/other/replicasets', object('far', { namespace: 'other' }));
    const { informer } = inform();
    await informer.synced;
    expect(informer.ownedBy('owner').map(({ metadata }) => metadata.name)).toEqual(['mine']);
    expect(informer.ownedBy('nobody')).toEqual([]);
    expect(informer.list('other')).toHaveLength(1);
    expect(informer.list()).toHaveLength(3);
  });

  it('reads a list page by page', async () => {
    for (let i = 0; i < 1201; i++) server.put(COLLECTION, object(`n${i}`));
    const { informer } = inform();
    await informer.synced;
    expect(informer.list()).toHaveLength(1201);
    expect(server.requests.filter(({ query }) => query.get('limit') === '500')).toHaveLength(3);
  });

  it('survives a listener that throws', async () => {
    const { informer, changes } = inform();
    informer.onChange(() => {
      throw new Error('mine');
    });
    await informer.synced;
    await watching();
    server.put(COLLECTION, object('a'));
    server.put(COLLECTION, object('b'));
    await until(() => changes.length === 2);
  });

  it('stops while it waits for its list', async () => {
    server.intercept = (_, response) => {
      reply(response, 429, status(429, 'TooManyRequests', 'slow down'), { 'Retry-After': '20' });
      return true;
    };
    const { informer } = inform();
    await until(() => server.requests.length === 1);
    const begun = performance.now();
    await informer.stop();
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('stops its watch', async () => {
    const { informer } = inform();
    await informer.synced;
    await watching();
    await informer.stop();
    await until(() => server.openWatches === 0);
  });
});

describe('an informer in trouble', () => {
  it('resumes a dropped watch where it was, without listing again', async () => {
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    server.drop();
    server.put(COLLECTION, object('meanwhile'));
    await until(() => changes.length === 1);
    expect(server.requests.filter(({ query }) => query.has('limit'))).toHaveLength(1);
  });

  it.each([
    ['before the watch begins', () => server.drop()],
    [
      'in mid-stream',
      () => server.send(JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'too old resource version') })),
    ],
  ])('lists again after 410 %s and tells the difference', async (_, fail) => {
    server.put(COLLECTION, object('stays'));
    server.put(COLLECTION, object('changes'));
    server.put(COLLECTION, object('goes'));
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    changes.length = 0;
    server.freeze();
    server.put(COLLECTION, object('changes', { labels: { now: 'new' } }));
    server.remove(COLLECTION, object('goes'));
    server.put(COLLECTION, object('comes'));
    server.compact();
    fail();
    await until(() => changes.length === 3);
    expect(changes.sort()).toEqual(['added comes', 'changed changes', 'deleted goes']);
    expect(names(informer)).toEqual(['changes', 'comes', 'stays']);
  });

  it('gives up a half-open connection', async () => {
    const { informer, changes } = inform({ timing: { idleMilliseconds: 60 } });
    await informer.synced;
    await watching();
    server.freeze();
    server.put(COLLECTION, object('unheard'));
    await until(() => changes.includes('added unheard'));
  });

  it('does not give up a connection on which bookmarks come', async () => {
    const { informer } = inform({ timing: { idleMilliseconds: 300 } });
    await informer.synced;
    await watching();
    for (let i = 0; i < 8; i++) {
      server.bookmark();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(server.requests.filter(({ query }) => query.has('watch'))).toHaveLength(1);
  });

  it('waits as long as 429 says', async () => {
    const refused: number[] = [];
    server.intercept = ({ query }, response) => {
      if (!query.has('watch') || refused.length >= 1) return false;
      refused.push(performance.now());
      reply(response, 429, status(429, 'TooManyRequests', 'slow down'), { 'Retry-After': '1' });
      return true;
    };
    const { informer } = inform();
    await informer.synced;
    await watching();
    expect(performance.now() - (refused[0] ?? 0)).toBeGreaterThan(990);
  });

  it('outlives 5xx, cut-off answers and a list that is no JSON', async () => {
    let failures = 0;
    server.intercept = (_, response) => {
      if (++failures > 6) return false;
      if (failures % 3 === 0) response.destroy();
      else if (failures % 3 === 1) reply(response, 503, 'no Status');
      else response.writeHead(200).end('{"items":[');
      return true;
    };
    server.put(COLLECTION, object('a'));
    const { informer } = inform();
    await informer.synced;
    expect(names(informer)).toEqual(['a']);
  });

  it('outlives a server that is away for a while', async () => {
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    const port = Number(new URL(server.url).port);
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    server = await startTestServer({ port });
    server.put(COLLECTION, object('after'));
    await until(() => changes.includes('added after'));
  });

  it('does not spin when the server ends every watch at once', async () => {
    let watches = 0;
    server.intercept = ({ query }, response) => {
      if (!query.has('watch')) return false;
      watches++;
      response.writeHead(200).end();
      return true;
    };
    const { informer } = inform({ timing: { firstRetryMilliseconds: 20, longestRetryMilliseconds: 1000 } });
    await informer.synced;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(watches).toBeGreaterThan(1);
    expect(watches).toBeLessThan(8);
  });

  it('takes a list as the truth after the history was set back', async () => {
    server.put(COLLECTION, object('a', { labels: { from: 'before' } }));
    server.put(COLLECTION, object('lost'));
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    server.freeze();
    server.remove(COLLECTION, object('lost'));
    server.rewind(10);
    server.put(COLLECTION, object('a', { labels: { from: 'backup' } }));
    changes.length = 0;
    server.send(JSON.stringify({ type: 'ERROR', object: status(410, 'Expired', 'gone') }));
    await until(() => changes.length === 2);
    expect(changes.sort()).toEqual(['changed a', 'deleted lost']);
    expect(informer.get('shop', 'a')?.metadata.labels).toEqual({ from: 'backup' });
  });

  it('notices by a bookmark that the server came back from an older backup', async () => {
    server.put(COLLECTION, object('lost'));
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    const port = Number(new URL(server.url).port);
    await server.stop();
    server = await startTestServer({ port });
    server.rewind(50);
    server.put(COLLECTION, object('old'));
    await watching();
    server.bookmark();
    await until(() => changes.includes('added old'));
    expect(names(informer)).toEqual(['old']);
  });

  it('waits for a kind that is not served, without holding anybody up', async () => {
    let served = false;
    server.intercept = (_, response) => {
      if (served) return false;
      reply(response, 404, 'page not found');
      return true;
    };
    const { informer, changes } = inform({ optional: true });
    await informer.synced;
    expect(informer.list()).toEqual([]);
    served = true;
    server.put(COLLECTION, object('late'));
    await until(() => changes.includes('added late'));
  });
});

describe('objects that make no sense', () => {
  it('does not poison a list', async () => {
    server.intercept = ({ query }, response) => {
      if (query.has('watch')) return false;
      const items = [null, 7, {}, { metadata: { name: 4 } }, { metadata: { name: 'x' } }, object('good')];
      reply(response, 200, { metadata: { resourceVersion: '100' }, items });
      return true;
    };
    const { informer } = inform();
    await informer.synced;
    expect(names(informer)).toEqual(['good']);
    expect(informer.skipped).toBe(5);
  });

  it('does not poison a watch, nor does a line that is no JSON', async () => {
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    server.send('{"type":"ADDED","object":{"metad');
    server.send('[]');
    server.send('null');
    server.send('{"type":"ADDED","object":{"metadata":{"name":"x","namespace":"shop","labels":[1]}}}');
    server.send('{"type":"WHATEVER"}');
    server.put(COLLECTION, object('good'));
    await until(() => changes.length === 1);
    expect(informer.skipped).toBe(5);
    expect(server.requests.filter(({ query }) => query.has('watch'))).toHaveLength(1);
  });

  it('is told once, however often it comes', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', destination: { write: (line) => lines.push(line) } });
    const { informer, changes } = inform({ log });
    await informer.synced;
    await watching();
    for (let i = 0; i < 3; i++) {
      server.send('{"type":"MODIFIED","object":{"metadata":{"name":"x","namespace":"shop","labels":[1]}}}');
    }
    server.put(COLLECTION, object('good'));
    await until(() => changes.length === 1);
    expect(informer.skipped).toBe(3);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'ReplicaSet', object: 'shop/x', problem: 'metadata.labels is no object' },
    ]);
  });

  it('leaves out what the transformation cannot read', async () => {
    server.put(COLLECTION, object('bad'));
    server.put(COLLECTION, object('good'));
    const { informer } = inform({
      transform: (each) => {
        if (each.metadata.name === 'bad') throw new Error('cannot');
        return each;
      },
    });
    await informer.synced;
    expect(names(informer)).toEqual(['good']);
  });
});

describe('what a write of ours tells the cache', () => {
  it('is seen at once and not told twice', async () => {
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    const made = await connection.create(replicaSets as never, object('a'));
    informer.observe(made);
    expect(informer.get('shop', 'a')).toBeDefined();
    server.put(COLLECTION, object('next'));
    await until(() => changes.includes('added next'));
    expect(changes).toEqual(['added a', 'added next']);
  });

  it('is kept out when it does not match the selector or the namespace', async () => {
    const { informer } = inform({ labelSelector: 'app=web', namespace: 'shop' });
    await informer.synced;
    informer.observe(object('a', { uid: '1', resourceVersion: '1000' }));
    informer.observe(object('b', { uid: '2', resourceVersion: '1000', labels: { app: 'web' }, namespace: 'other' }));
    informer.observe(object('c', { uid: '3', resourceVersion: '1000', labels: { app: 'web' } }));
    expect(names(informer)).toEqual(['c']);
  });

  it('is kept out when it has another name than the one that is asked for', async () => {
    const { informer } = inform({ name: 'a', namespace: 'shop' });
    await informer.synced;
    await watching();
    for (const name of ['a', 'b']) informer.observe(object(name, { uid: name, resourceVersion: '1000' }));
    expect(names(informer)).toEqual(['a']);
    // A right to list and watch one object by its name covers no request that does not say so.
    const asked = server.requests.map(({ query }) => query.get('fieldSelector'));
    expect(asked).toEqual(['metadata.name=a', 'metadata.name=a']);
  });

  it('does not raise the dead', async () => {
    const { informer, changes } = inform();
    await informer.synced;
    await watching();
    const late = server.put(COLLECTION, object('a'));
    server.remove(COLLECTION, object('a'));
    await until(() => changes.length === 2);
    informer.observe(late);
    expect(names(informer)).toEqual([]);
  });
});

describe('virtual time', () => {
  it('is held until the cache follows the server, and while it does not', async () => {
    let held = 0;
    const clock = {
      busy: () => {
        held++;
        return () => {
          held--;
        };
      },
    };
    const { informer } = inform({ clock, resource: pods as never });
    expect(held).toBe(1);
    await informer.synced;
    await watching();
    await until(() => held === 0);
    server.intercept = (_, response) => {
      reply(response, 500, '');
      return true;
    };
    server.drop();
    await until(() => held === 1);
    await informer.stop();
    expect(held).toBe(0);
  });
});
