import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configuredRouters, routers } from './index.ts';

describe('the registry of routers', () => {
  it('holds every router of the folder: each has a file and a test that runs the conformance suite', () => {
    const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)));
    const shared = ['index', 'configured', 'conformance', 'reference-grants', 'router'];
    const tested = files.filter((file) => file.endsWith('.test.ts')).map((file) => file.replace('.test.ts', ''));
    expect(tested.filter((name) => !shared.includes(name))).toHaveLength(routers.length);
    expect(new Set(routers.map((router) => router.key)).size).toBe(routers.length);
  });
});

describe('the routers of a Rollout', () => {
  it('are found by their keys, plugins too', () => {
    const configuration = { httpRoute: 'web' };
    const trafficRouting = { maxTrafficWeight: 100, plugins: { 'argoproj-labs/gatewayAPI': configuration } };
    expect(configuredRouters(routers, trafficRouting)).toEqual({
      configured: [{ router: routers[0], configuration, path: 'plugins."argoproj-labs/gatewayAPI"' }],
      problems: [],
    });
  });

  it('never default: an unknown key is a problem that lists the known ones', () => {
    const { configured, problems } = configuredRouters(routers, { istio: {}, plugins: { 'acme/mesh': {} } });
    expect(configured).toEqual([]);
    expect(problems.map(({ path }) => path)).toEqual(['istio', 'plugins."acme/mesh"']);
    for (const { message } of problems) expect(message).toContain('plugins.argoproj-labs/gatewayAPI');
  });

  it('are none where there is no traffic routing', () => {
    for (const nothing of [undefined, null, 5, []]) {
      expect(configuredRouters(routers, nothing)).toEqual({ configured: [], problems: [] });
    }
  });
});
