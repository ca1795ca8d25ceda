import type { Problem } from '../errors.ts';
import type { Fields } from './fields.ts';

export type { Problem };

/** The path of a field in the object at `path`; a name that is more than a word is quoted. */
export function inside(path: string, field: string): string {
  const name = /^[\w$-]+$/.test(field) ? field : JSON.stringify(field);
  return path === '' ? name : `${path}.${name}`;
}

export function problem(path: string, message: string): Problem {
  return { path, message };
}

/** Problems in one line, each with its place. */
export function told(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}

/** A value as a person would recognise it, never longer than a line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The fields that are set, null counting as not set. */
export function setFields(value: object, among: readonly string[]): string[] {
  return among.filter((name) => (value as Fields)[name] !== undefined && (value as Fields)[name] !== null);
}

export function listed(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

/** Problems of values that appear twice, each at its second place. */
export function duplicates(names: readonly unknown[], pathOf: (index: number) => string, what: string): Problem[] {
  return names.flatMap((name, index) =>
    name !== undefined && names.indexOf(name) < index
      ? [problem(pathOf(index), `duplicate ${what} ${show(name)}: each must be there once; rename or remove one`)]
      : [],
  );
}
