import { type AuditLine, auditedIn } from '../../worlds/real/audit.ts';
import { CONTROLLER } from '../../worlds/real/servers/api-server.ts';
import { readRealWorld } from '../../worlds/real/state.ts';

export interface Decided {
  /** When the API server had the verdict, and when it had the route that follows from it; milliseconds since the epoch. */
  verdictAt: number;
  routedAt: number;
}

/** When the controller last moved traffic, and when it last wrote down what an analysis found before that. */
export async function lastMove(namespace: string): Promise<Decided> {
  const lines = await auditedIn(readRealWorld()?.auditLog ?? '', namespace, 0);
  const own = lines.filter(
    ({ user, impersonatedUser, verb, responseStatus }) =>
      user.username === CONTROLLER && !impersonatedUser && verb === 'patch' && responseStatus?.code === 200,
  );
  const at = ({ stageTimestamp }: AuditLine) => Date.parse(stageTimestamp);
  const of = (resource: string) => own.filter(({ objectRef }) => objectRef?.resource === resource).map(at);
  const routedAt = Math.max(...of('httproutes'));
  return { routedAt, verdictAt: Math.max(...of('analysisruns').filter((time) => time <= routedAt)) };
}
