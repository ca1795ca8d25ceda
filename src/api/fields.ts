/** Reading values of which nothing is certain: what is not of the shape counts as absent. */

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value, or no fields where it has none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function parsed(text: string): unknown {
  // What is not there is asked for in every pass, and an error costs more than all the rest.
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The fields of a JSON text; none where it is no JSON, or none of an object. */
export function parsedFields(text: string): Fields {
  return fieldsOf(parsed(text));
}

/** The entries of a JSON text; none where it is no JSON, or none of a list. */
export function parsedList(text: string): unknown[] {
  return listOf(parsed(text));
}
