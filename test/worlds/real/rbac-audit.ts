/** From the audit log of a whole run: which rights of deploy/ were used, and what the controller was denied. */
import { fileURLToPath } from 'node:url';
import { type AuditLine, auditLines } from './audit.ts';
import { type Manifest, readManifests } from './manifests.ts';
import { ACCOUNT, CONTROLLER } from './servers/api-server.ts';

/** One verb on one kind. */
export interface Right {
  /** The role that grants it. */
  role: string;
  /** Undefined: everywhere. */
  namespace: string | undefined;
  /** `verb group/resource`, with the subresource where there is one. */
  right: string;
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

interface RbacManifest extends Manifest {
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  roleRef?: { kind: string; name: string };
  subjects?: Subject[];
}

export interface RightsReport {
  used: Right[];
  unused: Right[];
  /** One line per kind of request that the controller made and had no right to. */
  denied: string[];
}

const DEPLOY = fileURLToPath(new URL('../../../deploy', import.meta.url));

/** The user agent of stories that ask, as the controller, for what it may not have. */
export const PROVOKED = 'headgate-test/provoked';

const UNDER_FLUX = 'test/real/flux.test.ts is told in another world, with a Flux';

/** Rights whose use no log of all stories shows, each with how it is proven instead. */
export const UNSEEN: Record<string, string> = {
  'update argoproj.io/rollouts/finalizers':
    'an admission plugin asks for it and writes no line; test/real/rules.test.ts has an API server with that plugin',
  'patch kustomize.toolkit.fluxcd.io/kustomizations': UNDER_FLUX,
  'patch source.toolkit.fluxcd.io/gitrepositories': UNDER_FLUX,
};

/** Every right that the manifests of deploy/ bind to the controller's ServiceAccount. */
export async function grantedRights(folder = DEPLOY): Promise<Right[]> {
  const manifests = (await readManifests(folder)) as RbacManifest[];
  const isOurs = ({ kind, name, namespace }: Subject) =>
    kind === 'ServiceAccount' && name === ACCOUNT.name && namespace === ACCOUNT.namespace;
  return manifests
    .filter(({ kind, subjects = [] }) => kind.endsWith('RoleBinding') && subjects.some(isOurs))
    .flatMap(({ metadata: { namespace }, roleRef }) => {
      const role = manifests.find(({ kind, metadata }) => kind === roleRef?.kind && metadata.name === roleRef.name);
      const rules = role?.rules ?? [];
      const rights = rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) => resources.flatMap((kind) => verbs.map((verb) => `${verb} ${group}/${kind}`))),
      );
      return rights.map((right) => ({ role: roleRef?.name ?? '', namespace, right }));
    });
}

/** What the controller itself needed for a request: to speak for another account, or the request's own right. */
function neededFor({ verb, objectRef, impersonatedUser }: AuditLine): Omit<Right, 'role'> | undefined {
  if (impersonatedUser) {
    const [, , namespace] = impersonatedUser.username.split(':');
    return { right: 'impersonate /serviceaccounts', namespace };
  }
  if (!objectRef) return undefined;
  const { apiGroup = '', resource, subresource, namespace } = objectRef;
  return { right: `${verb} ${apiGroup}/${resource}${subresource ? `/${subresource}` : ''}`, namespace };
}

/** The narrowest that allows it: a right for everything is not used where one for a namespace is enough. */
function usedBy(request: AuditLine, granted: readonly Right[]): Right | undefined {
  const needed = neededFor(request);
  const fitting = granted.filter(({ right }) => right === needed?.right);
  return (
    fitting.find(({ namespace }) => namespace !== undefined && namespace === needed?.namespace) ??
    fitting.find(({ namespace }) => namespace === undefined)
  );
}

/**
 * Refused for want of a right of the controller's own. What an admission plugin refuses was allowed first, and what an
 * impersonated account may not do is that account's affair.
 */
function isDenied({ annotations, responseStatus, impersonatedUser, userAgent }: AuditLine): boolean {
  if (userAgent === PROVOKED) return false;
  const decision = annotations?.['authorization.k8s.io/decision'];
  if (impersonatedUser && decision !== undefined) return false;
  return decision === 'forbid' || (responseStatus?.code === 403 && decision === undefined);
}

/** Answered, even if the watch is still open or its end was never told. */
const ANSWERED = new Set(['ResponseStarted', 'ResponseComplete']);

/** Compares the requests of a run with the rights that are granted. */
export async function compareRights(
  requests: AsyncIterable<AuditLine>,
  granted: readonly Right[],
): Promise<RightsReport> {
  const used = new Set<Right>();
  const denied = new Set<string>();
  for await (const request of requests) {
    if (request.user.username !== CONTROLLER || !ANSWERED.has(request.stage)) continue;
    const right = usedBy(request, granted);
    if (isDenied(request)) denied.add(`${request.verb} ${request.requestURI}`);
    else if (right) used.add(right);
  }
  return {
    used: granted.filter((right) => used.has(right)),
    unused: granted.filter((right) => !used.has(right)),
    denied: [...denied],
  };
}

function shown({ role, namespace, right }: Right): string {
  return `${right.padEnd(50)} ${role}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

/**
 * Prints what became of each right; answers whether they are enough and no more. Where only some stories were told, a
 * right that none of them used is no fault.
 */
export async function auditRights(auditLog: string, isWhole: boolean): Promise<boolean> {
  const report = await compareRights(auditLines(auditLog, CONTROLLER), await grantedRights());
  const unseen = report.unused.filter(({ right }) => UNSEEN[right] !== undefined);
  const unused = report.unused.filter(({ right }) => UNSEEN[right] === undefined);
  // A right that shows in the log after all needs no other proof.
  const needless = isWhole ? report.used.filter(({ right }) => UNSEEN[right] !== undefined) : [];
  const counts = `${report.used.length} used, ${unused.length} unused, ${unseen.length} proven otherwise`;
  console.log(`rights of the controller: ${counts}; denied requests: ${report.denied.length}`);
  for (const { right } of unseen) console.log(`  ${right}: ${UNSEEN[right]}`);
  if (!isWhole) console.log('only some stories were told: that every right is used was not checked');
  else for (const right of unused) console.log(`unused: ${shown(right)}`);
  for (const request of report.denied) console.log(`denied: ${request}`);
  for (const right of needless) console.log(`used, and listed as unseen: ${shown(right)}`);
  return report.denied.length === 0 && needless.length === 0 && (!isWhole || unused.length === 0);
}
