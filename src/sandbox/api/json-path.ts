/** The part of kubectl's JSONPath that printer columns use: fields, `['a.b']`, `[0]`, `[*]` and `[?(@.a=="b")]`. */
import { isFields, valueAt } from './objects.ts';

type Step = (values: unknown[]) => unknown[];

const TOKEN =
  /\.?([A-Za-z0-9_-]+)|\.?\['((?:[^'\\]|\\.)*)'\]|\[(\d+|\*)\]|\[\?\(@\.([\w.]+)\s*==\s*(?:"([^"]*)"|'([^']*)'|(\w+))\)\]/y;

function select(key: string): Step {
  return (values) => values.map((value) => valueAt(value, key)).filter((value) => value !== undefined);
}

function items(values: unknown[]): unknown[] {
  return values.flatMap((value) => (Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []));
}

function stepOf(match: RegExpExecArray): Step {
  const [, name, quoted, index, path, ...texts] = match;
  if (name !== undefined) return select(name);
  if (quoted !== undefined) return select(quoted.replaceAll('\\', ''));
  if (index === '*') return items;
  if (index !== undefined)
    return (values) => values.map((value) => (Array.isArray(value) ? value[Number(index)] : undefined));
  const wanted = texts.find((text) => text !== undefined);
  return (values) => items(values).filter((item) => String(valueAt(item, ...(path ?? '').split('.'))) === wanted);
}

/** Compiles a path; what it cannot read selects nothing. */
export function jsonPath(path: string): (object: unknown) => unknown {
  const steps: Step[] = [];
  const source = path.replace(/^\{|\}$/g, '');
  TOKEN.lastIndex = 0;
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (!match) return () => undefined;
    steps.push(stepOf(match));
  }
  return (object) => steps.reduce((values, step) => step(values), [object])[0];
}
