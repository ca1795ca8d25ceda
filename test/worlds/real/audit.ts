import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** The parts of a line of the API server's audit log that the stories read. */
export interface AuditLine {
  stage: string;
  verb: string;
  requestURI: string;
  user: { username: string };
  /** In whose name the user asked. */
  impersonatedUser?: { username: string };
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; namespace?: string };
  responseStatus?: { code: number };
  /** When it was answered. */
  stageTimestamp: string;
}

/** Where the log ends now. */
export async function auditEnd(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** The answered requests about a namespace that were logged from a place in the file on. */
export async function auditedIn(path: string, namespace: string, start: number): Promise<AuditLine[]> {
  const found: AuditLine[] = [];
  for await (const line of createInterface({ input: createReadStream(path, { start }) })) {
    // The file is large: only what may be meant is parsed. The last line may not be whole yet.
    if (!line.includes(namespace) || !line.endsWith('}')) continue;
    const entry = JSON.parse(line) as AuditLine;
    if (entry.stage === 'ResponseComplete' && entry.objectRef?.namespace === namespace) found.push(entry);
  }
  return found;
}
