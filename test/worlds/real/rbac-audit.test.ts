import { expect, it } from 'vitest';
import type { AuditLine } from './audit.ts';
import { compareRights, grantedRights, PROVOKED, type Right, UNSEEN } from './rbac-audit.ts';
import { CONTROLLER } from './servers/api-server.ts';

const granted: Right[] = [
  { role: 'wide', namespace: undefined, right: 'get /secrets' },
  { role: 'home', namespace: 'headgate', right: 'get /secrets' },
  { role: 'wide', namespace: undefined, right: 'watch argoproj.io/rollouts' },
  { role: 'wide', namespace: undefined, right: 'patch argoproj.io/rollouts/status' },
  { role: 'speaker', namespace: undefined, right: 'impersonate /serviceaccounts' },
];

function request(verb: string, path: string, further: Partial<AuditLine> = {}): AuditLine {
  const [apiGroup = '', namespace = '', resource = '', subresource] = path.split('/');
  return {
    stage: 'ResponseComplete',
    verb,
    requestURI: path,
    user: { username: CONTROLLER },
    objectRef: { ...(apiGroup && { apiGroup }), resource, namespace, ...(subresource && { subresource }) },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-01-01T00:00:00.000000Z',
    stageTimestamp: '2026-01-01T00:00:00.000000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow' },
    ...further,
  };
}

const FORBIDDEN = { responseStatus: { code: 403 }, annotations: { 'authorization.k8s.io/decision': 'forbid' } };

async function compared(...requests: AuditLine[]) {
  async function* told() {
    yield* requests;
  }
  const { used, denied } = await compareRights(told(), granted);
  return { used: used.map(({ role, right }) => `${role}: ${right}`), denied };
}

it('counts a request for the narrowest right that allows it', async () => {
  expect((await compared(request('get', '/headgate/secrets'))).used).toEqual(['home: get /secrets']);
  expect((await compared(request('get', '/shop/secrets'))).used).toEqual(['wide: get /secrets']);
});

it('counts watches that never ended, subresources by themselves, and what was refused by the object only', async () => {
  const watch = request('watch', 'argoproj.io/shop/rollouts', { stage: 'ResponseStarted' });
  const patch = request('patch', 'argoproj.io/shop/rollouts/status', { responseStatus: { code: 409 } });
  expect((await compared(watch)).used).toEqual(['wide: watch argoproj.io/rollouts']);
  expect((await compared(patch)).used).toEqual(['wide: patch argoproj.io/rollouts/status']);
});

it("counts what is done in another's name as impersonation only, whatever that one may do", async () => {
  const impersonatedUser = { username: 'system:serviceaccount:shop:deployer' };
  const once = await compared(request('get', '/shop/secrets', { impersonatedUser, ...FORBIDDEN }));
  expect(once).toEqual({ used: ['speaker: impersonate /serviceaccounts'], denied: [] });
});

it('counts nothing that others ask for', async () => {
  const other = { user: { username: 'admin' } };
  expect(await compared(request('get', '/shop/secrets', { ...other, ...FORBIDDEN }))).toEqual({ used: [], denied: [] });
});

it('tells what was denied, unless a story provoked it or an admission plugin refused it', async () => {
  const denied = request('delete', '/shop/pods', FORBIDDEN);
  const provoked = request('delete', '/shop/nodes', { ...FORBIDDEN, userAgent: PROVOKED });
  // Refused before anybody decides on the request itself, so its line tells of no decision.
  const speaking = request('list', '/shop/configmaps', { responseStatus: { code: 403 }, annotations: {} });
  const admission = request('get', '/shop/secrets', { responseStatus: { code: 403 } });
  expect((await compared(denied, speaking, provoked, admission)).denied).toEqual([
    'delete /shop/pods',
    'list /shop/configmaps',
  ]);
});

it('reads the rights of the controller, and of nobody else, from deploy/', async () => {
  const rights = await grantedRights();
  expect(rights).toContainEqual({ role: 'headgate-home', namespace: 'headgate', right: 'get /secrets' });
  expect(rights).toContainEqual({ role: 'headgate-team-secrets', namespace: undefined, right: 'get /secrets' });
  expect(rights.filter(({ role }) => /view|edit/.test(role))).toEqual([]);
  for (const right of Object.keys(UNSEEN)) expect(rights.map((each) => each.right)).toContain(right);
});
