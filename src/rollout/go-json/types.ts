/** The types of Go's structs, as the table of structs notes them. */
import { STRUCTS } from './structs.ts';

const structs: Readonly<Record<string, string>> = STRUCTS;

export interface FieldType {
  name: string;
  /** In Go's notation. */
  type: string;
  /** It is not written where it is empty. */
  isLeftOut: boolean;
}

/** How a type is made of others; `basic` for those that are not. */
export type TypeParts =
  | { kind: 'pointer' | 'list' | 'map'; of: string }
  | { kind: 'struct'; fields: FieldType[] }
  | { kind: 'basic' };

const WRAPPERS = { '*': 'pointer', '[]': 'list', 'map[string]': 'map' } as const;

function fieldOf(description: string): FieldType {
  const [name = '', type = ''] = description.split(/\?? /);
  return { name, type, isLeftOut: description.includes('?') };
}

/** What a type in Go's notation is made of. */
export function partsOfType(type: string): TypeParts {
  for (const [prefix, kind] of Object.entries(WRAPPERS)) {
    if (type.startsWith(prefix)) return { kind, of: type.slice(prefix.length) };
  }
  const fields = structs[type];
  return fields === undefined ? { kind: 'basic' } : { kind: 'struct', fields: fields.split('; ').map(fieldOf) };
}
