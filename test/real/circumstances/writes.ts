import { type AuditLine, auditedIn } from '../../worlds/real/audit.ts';
import { theServers } from './shop.ts';

export interface Writes {
  /** Of its lease, those that the API server has taken. */
  renewals: AuditLine[];
  /** Whatever came of them. */
  others: AuditLine[];
}

/** What the audit log knows of one controller in a namespace, from a place in the file on. */
export async function writesOf(userAgent: string, namespace: string, from: number): Promise<Writes> {
  const lines = await auditedIn(theServers().auditLog, namespace, from);
  const own = lines.filter((line) => line.userAgent === userAgent && !['get', 'list', 'watch'].includes(line.verb));
  const isOfLease = ({ objectRef }: AuditLine) => objectRef?.resource === 'leases';
  return {
    renewals: own.filter((line) => isOfLease(line) && isDone(line)),
    others: own.filter((line) => !isOfLease(line)),
  };
}

export function isDone({ responseStatus }: AuditLine): boolean {
  return (responseStatus?.code ?? 500) < 300;
}
