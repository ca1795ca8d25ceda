import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualClock } from '../../clock.ts';
import { configMap, MAPS, ROLLOUTS, rollout, type TestServer, testServer } from './testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ watchWindow: 5 });
});
afterAll(() => server.stop());

const label = (name: string, color: string) =>
  server.patch(`${MAPS}/${name}`, { metadata: { labels: { color } } }, 'merge');

describe('list', () => {
  it('selects by labels and fields, and goes page by page', async () => {
    for (const name of ['p1', 'p2', 'p3'])
      await server.call('POST', MAPS, configMap(name, {}, { labels: { page: 'yes', name } }));
    const names = ({ items }: Record<string, unknown>) =>
      (items as { metadata: { name: string } }[]).map((each) => each.metadata.name);
    const query = async (text: string) => (await server.call('GET', `${MAPS}?${text}`)).body;
    expect(names(await query('labelSelector=page,name in (p1,p3)'))).toEqual(['p1', 'p3']);
    expect(names(await query('labelSelector=page%3Dyes,name!%3Dp1'))).toEqual(['p2', 'p3']);
    expect(names(await query('fieldSelector=metadata.name%3Dp2'))).toEqual(['p2']);
    const first = await query('labelSelector=page&limit=2');
    expect(names(first)).toEqual(['p1', 'p2']);
    const { continue: token } = first.metadata as { continue: string };
    expect(names(await query(`labelSelector=page&limit=2&continue=${token}`))).toEqual(['p3']);
  });

  it('refuses a field that cannot be selected by', async () => {
    expect((await server.call('GET', `${MAPS}?fieldSelector=data.a%3Db`)).code).toBe(400);
  });

  it('answers tables with printer columns', async () => {
    await server.call('POST', ROLLOUTS, rollout('table'));
    const { body } = await server.call('GET', ROLLOUTS, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    const columns = body.columnDefinitions as { name: string }[];
    expect(columns.map((column) => column.name)).toEqual([
      'Name',
      'Desired',
      'Current',
      'Up-to-date',
      'Available',
      'Age',
    ]);
    expect((body.rows as { cells: unknown[] }[])[0]?.cells.slice(0, 3)).toEqual(['table', 2, null]);
  });
});

describe('watch', () => {
  it('begins with what there is and goes on with every change', async () => {
    await server.call('POST', MAPS, configMap('seen'));
    const watch = await server.watchLines(`${MAPS}?watch=true&fieldSelector=metadata.name%3Dseen`);
    expect((await watch.next(1))[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'seen' } } });
    await label('seen', 'red');
    await server.call('DELETE', `${MAPS}/seen`);
    expect((await watch.next(2)).map((event) => event.type)).toEqual(['MODIFIED', 'DELETED']);
    watch.close();
  });

  it('shows what leaves the selector as deleted', async () => {
    await server.call('POST', MAPS, configMap('moved', {}, { labels: { color: 'red' } }));
    const watch = await server.watchLines(`${MAPS}?watch=true&labelSelector=color%3Dred`);
    await watch.next(1);
    await label('moved', 'blue');
    await label('moved', 'red');
    expect((await watch.next(2)).map((event) => event.type)).toEqual(['DELETED', 'ADDED']);
    watch.close();
  });

  it('resumes after a version, and says 410 for one that is forgotten', async () => {
    const { body } = await server.call('POST', MAPS, configMap('resumed'));
    const { resourceVersion } = body.metadata as { resourceVersion: string };
    await label('resumed', 'red');
    const watch = await server.watchLines(`${MAPS}?watch=true&resourceVersion=${resourceVersion}`);
    expect((await watch.next(1))[0]).toMatchObject({ type: 'MODIFIED' });
    watch.close();
    for (let round = 0; round < 12; round++) await label('resumed', `c${round}`);
    const late = await server.watchLines(`${MAPS}?watch=true&resourceVersion=${resourceVersion}`);
    expect((await late.next(1))[0]).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  it('marks the end of the initial events', async () => {
    const watch = await server.watchLines(
      `${ROLLOUTS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    const [, bookmark] = await watch.next(2);
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    watch.close();
  });

  it('ends when told to', async () => {
    const watch = await server.watchLines(`${MAPS}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dnone`);
    server.closeWatches('configmaps');
    await expect(watch.next(1)).rejects.toThrow();
  });

  it('holds virtual time only while something is under way', async () => {
    const clock = virtualClock(Date.parse('2026-01-01T00:00:00Z'));
    const world = await testServer({ clock });
    const watch = await world.watchLines(`${MAPS}?watch=true`);
    let late = false;
    clock.at(clock.now() + 3_600_000, () => {
      late = true;
    });
    const run = clock.run({ done: () => late });
    await world.call('POST', MAPS, configMap('timed'));
    expect((await watch.next(1))[0]).toMatchObject({
      object: { metadata: { creationTimestamp: expect.stringContaining('2026-01-01T0') } },
    });
    await run;
    expect(late).toBe(true);
    watch.close();
    await world.stop();
  });
});

describe('documents', () => {
  it.each([
    '/version',
    '/api',
    '/apis',
    '/api/v1',
    '/apis/apps/v1',
    '/apis/argoproj.io/v1alpha1',
    '/openapi/v2',
    '/openapi/v3',
  ])('%s', async (path) => {
    expect((await server.call('GET', path)).code).toBe(200);
  });

  it('has every schema that an OpenAPI document refers to', async () => {
    const { body } = await server.call('GET', '/openapi/v3/apis/apps/v1');
    const { schemas } = body.components as { schemas: Record<string, unknown> };
    const names = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(names.filter((name) => !(name in schemas))).toEqual([]);
  });
});
