import { describe, expect, it } from 'vitest';
import { castOf, renamed } from './cast.ts';
import { manifestsOf } from './manifests.ts';

const ROLLOUT = `# the web of the shop
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  namespace: prod
spec:
  selector: {matchLabels: {web: web}}
  strategy: {canary: {stableService: web-stable, trafficRouting: {plugins: {x: {httpRoute: "web", namespace: prod}}}}}
  template:
    metadata: {labels: {web: web}}
    spec:
      containers:
      - {name: web, image: "ghcr.io/web/webapp:1.2.3"}  # web
`;
const ANALYSIS = `kind: AnalysisTemplate
metadata: {name: rate}
spec:
  metrics:
  - provider:
      prometheus:
        address: http://prometheus.prod.svc:9090
        query: |
          sum(rate(requests{job="web",path!="/web_1"}[1m]))
`;
const web = manifestsOf({ 'rollout.yaml': ROLLOUT, 'analysis.yaml': ANALYSIS }, 'here');

describe('the same manifests under another name', () => {
  it('name the other app and its namespace wherever a value names this one, and leave keys and comments', () => {
    const { rollout, files, image } = renamed(web, 'cart');
    expect(rollout.metadata).toEqual({ name: 'cart', namespace: 'cart' });
    expect(rollout.spec.selector).toEqual({ matchLabels: { web: 'cart' } });
    expect(rollout.spec.strategy?.canary?.trafficRouting).toEqual({
      plugins: { x: { httpRoute: 'cart', namespace: 'cart' } },
    });
    expect(image).toBe('ghcr.io/cart/webapp:1.2.3');
    expect(files['rollout.yaml']).toContain('# the web of the shop');
    expect(files['analysis.yaml']).toContain('job="cart",path!="/web_1"');
  });

  it('have an image of their own where the image says nothing of the app', () => {
    const plain = { ...web, files: { 'rollout.yaml': ROLLOUT.replace('ghcr.io/web/webapp', 'registry:5000/app') } };
    expect(renamed(manifestsOf(plain.files, 'here'), 'cart').image).toBe('registry:5000/cart-app:1.2.3');
  });

  it('leave the scheme of an address alone, whatever the app is called', () => {
    const files = { 'rollout.yaml': ROLLOUT.replaceAll('web', 'http'), 'analysis.yaml': ANALYSIS };
    expect(renamed(manifestsOf(files, 'here'), 'cart').prometheus).toEqual(['prometheus.prod.svc:9090']);
  });
});

it('gives three apps three names, whatever the first one is called', () => {
  const search = renamed(web, 'search');
  const names = castOf('monorepo', search).apps.map(({ rollout }) => rollout.metadata.name);
  expect(names).toEqual(['search', 'cart', 'catalog']);
});
