import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** The parts of a line of the API server's audit log that the stories read. */
export interface AuditLine {
  stage: string;
  verb: string;
  requestURI: string;
  user: { username: string };
  userAgent?: string;
  /** In whose name the user asked. */
  impersonatedUser?: { username: string };
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; namespace?: string };
  responseStatus?: { code: number };
  annotations?: Record<string, string>;
  requestReceivedTimestamp: string;
  /** When it was answered. */
  stageTimestamp: string;
}

/** Where the log ends now. */
export async function auditEnd(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** A part of the log, which grows by whole lines: places in the file, from the first one on and up to the other. */
export interface Part {
  start?: number;
  end?: number;
}

/** The lines that hold a word. The file is large: no other is parsed. */
export async function* auditLines(
  path: string,
  word: string,
  { start = 0, end }: Part = {},
): AsyncGenerator<AuditLine> {
  if (end !== undefined && end <= start) return;
  const part = createReadStream(path, end === undefined ? { start } : { start, end: end - 1 });
  for await (const line of createInterface({ input: part })) {
    // The last one may not be whole yet.
    if (line.includes(word) && line.endsWith('}')) yield JSON.parse(line) as AuditLine;
  }
}

/** The answered requests about a namespace that were logged from a place in the file on. */
export async function auditedIn(path: string, namespace: string, start: number): Promise<AuditLine[]> {
  const found: AuditLine[] = [];
  for await (const line of auditLines(path, namespace, { start })) {
    if (line.stage === 'ResponseComplete' && line.objectRef?.namespace === namespace) found.push(line);
  }
  return found;
}
