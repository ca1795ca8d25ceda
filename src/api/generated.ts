import { crdFile } from './crd.ts';
import { apiDocs } from './docs.ts';
import { kinds } from './kinds.ts';

export interface GeneratedFile {
  /** From the root of the project. */
  path: string;
  content: string;
}

/** Every file that is written from the schemas. */
export function generatedFiles(): GeneratedFile[] {
  return [...kinds.map(crdFile), apiDocs(kinds)];
}
