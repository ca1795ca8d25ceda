import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configuredRouters, type Router, routers, routeStepProblems } from './index.ts';

describe('the registry of routers', () => {
  it('holds every router of the folder: each has a file and a test that runs the conformance suite', () => {
    const files = readdirSync(fileURLToPath(new URL('.', import.meta.url)));
    const shared = ['index', 'configured', 'conformance', 'gateway-api-managed', 'reference-grants', 'router'];
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

describe('the steps that add routes', () => {
  const path = 'spec.strategy.canary.steps[1].setMirrorRoute';
  const step = {
    path,
    name: 'shadow',
    routes: [{ kind: 'mirror' as const, name: 'shadow', match: [{}], percentage: 5 }],
  };
  const render = () => ({
    problems: [
      { path: 'match', message: 'no', route: 'shadow' },
      { path: '', message: 'other' },
    ],
  });

  it('are refused where the router has none of their kind, before anything is rendered', () => {
    const router = { ...(routers[0] as Router), routeKinds: ['header'] as const };
    expect(routeStepProblems({ router, path: 'alb' }, step, render)).toEqual([
      {
        path,
        message: expect.stringContaining(
          'trafficRouting.alb cannot render a mirror route; remove the setMirrorRoute step',
        ),
      },
    ]);
  });

  it('tell what is wrong with their own route, at their place', () => {
    const router = routers[0] as Router;
    expect(routeStepProblems({ router, path: 'x' }, step, render)).toEqual([{ path: `${path}.match`, message: 'no' }]);
    expect(routeStepProblems({ router, path: 'x' }, { ...step, routes: [] }, render)).toEqual([]);
  });
});
