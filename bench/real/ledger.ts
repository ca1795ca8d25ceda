import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditLine, auditEnd, auditLines } from '../../test/worlds/real/audit.ts';
import { CONTROLLER } from '../../test/worlds/real/servers/api-server.ts';

/** What a controller wrote within a time. Renewals of its lease are not counted. */
export interface Writes {
  /** All but Events, whatever they were answered with. */
  objects: number;
  /** Among them, those that were refused because something had changed. */
  conflicts: number;
  /** `patch rollouts/status`: how many. */
  byKind: Record<string, number>;
  /** Events made or counted up. */
  events: number;
}

export interface Ledger {
  /** Where the log is now. */
  mark(): Promise<number>;
  between(from: number, to: number): Promise<Writes>;
  /** Resolves once the controller has written nothing for so long. */
  quiet(seconds: number): Promise<void>;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

function isWrite({ verb, objectRef, user }: AuditLine): boolean {
  return user.username === CONTROLLER && WRITES.has(verb) && objectRef?.resource !== 'leases';
}

function succeeded({ responseStatus }: AuditLine): boolean {
  return responseStatus !== undefined && responseStatus.code < 300;
}

function nameOf({ verb, objectRef }: AuditLine): string {
  const { resource = '', subresource } = objectRef ?? {};
  return `${verb} ${resource}${subresource ? `/${subresource}` : ''}`;
}

function summary(lines: AuditLine[]): Writes {
  const isEvent = ({ objectRef }: AuditLine) => objectRef?.resource === 'events';
  const objects = lines.filter((line) => !isEvent(line));
  const byKind: Record<string, number> = {};
  for (const line of objects) byKind[nameOf(line)] = (byKind[nameOf(line)] ?? 0) + 1;
  return {
    objects: objects.length,
    conflicts: objects.filter(({ responseStatus }) => responseStatus?.code === 409).length,
    byKind,
    events: lines.filter((line) => isEvent(line) && succeeded(line)).length,
  };
}

async function writesIn(path: string, start: number, end: number): Promise<AuditLine[]> {
  const writes: AuditLine[] = [];
  for await (const line of auditLines(path, CONTROLLER, { start, end })) if (isWrite(line)) writes.push(line);
  return writes;
}

export function createLedger(auditLog: string): Ledger {
  const mark = () => auditEnd(auditLog);
  return {
    mark,
    between: async (from, to) => summary(await writesIn(auditLog, from, to)),
    async quiet(seconds) {
      let from = await mark();
      for (;;) {
        await sleep(seconds * 1000);
        const to = await mark();
        if ((await writesIn(auditLog, from, to)).length === 0) return;
        from = to;
      }
    },
  };
}
