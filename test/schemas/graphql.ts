/** Whether a GraphQL query, its variables and its answer are what a published schema says: as much of the language as Headgate writes. */
import { isFields } from '../../src/api/fields.ts';

type Json = Record<string, unknown>;

export interface Type {
  fields?: Record<string, { type: string; args: Record<string, string> }>;
  /** Of a union or an interface. */
  possible?: string[];
  inputs?: Record<string, string>;
  values?: string[];
}

export type Types = Record<string, Type | undefined>;

interface Selection {
  /** Undefined: of a fragment on a type. */
  field?: string;
  on?: string;
  args: [name: string, value: string][];
  selections: Selection[];
}

interface Query {
  kind: 'query' | 'mutation';
  variables: Record<string, string>;
  selections: Selection[];
}

const TOKENS = /\.\.\.|[A-Za-z_]\w*|\$\w+|-?\d+|"[^"]*"|[{}()[\]:!,=]/g;

export function parseQuery(text: string): Query {
  const tokens = text.match(TOKENS) ?? [];
  let at = 0;
  const peek = () => tokens[at];
  const next = () => tokens[at++] ?? '';
  const expect = (token: string) => {
    const found = next();
    if (found !== token) throw new Error(`expected ${token}, not ${found || 'the end'}`);
  };
  const until = (end: string) => {
    const found: string[] = [];
    while (peek() !== undefined && peek() !== end) found.push(next());
    expect(end);
    return found.filter((token) => token !== ',');
  };
  const selections = (): Selection[] => {
    const found: Selection[] = [];
    expect('{');
    while (peek() !== '}') {
      if (peek() === undefined) throw new Error('expected }, not the end');
      found.push(peek() === '...' ? fragment() : field());
    }
    expect('}');
    return found;
  };
  const fragment = (): Selection => {
    expect('...');
    expect('on');
    return { on: next(), args: [], selections: selections() };
  };
  const field = (): Selection => {
    const name = next();
    const args: [string, string][] = [];
    if (peek() === '(') {
      next();
      const given = until(')');
      for (let index = 0; index < given.length; index += 3) args.push([given[index] ?? '', given[index + 2] ?? '']);
    }
    return { field: name, args, selections: peek() === '{' ? selections() : [] };
  };
  const kind = next();
  if (kind !== 'query' && kind !== 'mutation') throw new Error(`expected query or mutation, not ${kind}`);
  const variables: Record<string, string> = {};
  if (peek() === '(') {
    next();
    const declared = until(')').join('');
    for (const [, name = '', type = ''] of declared.matchAll(/\$(\w+):([\w[\]!]+)/g)) variables[name] = type;
  }
  return { kind, variables, selections: selections() };
}

const bare = (type: string) => type.replaceAll(/[[\]!]/g, '');

/** GitHub's own scalars are texts. */
function scalarProblem(name: string, value: unknown): string | undefined {
  const kinds: Record<string, string> = { Int: 'number', Float: 'number', Boolean: 'boolean' };
  const kind = kinds[name] ?? 'string';
  return typeof value === kind ? undefined : `is a ${typeof value}, not ${name}`;
}

/** A value that is sent. */
function inputProblems(types: Types, type: string, value: unknown, where: string): string[] {
  if (type.endsWith('!')) {
    if (value === null || value === undefined) return [`${where}: is required`];
    return inputProblems(types, type.slice(0, -1), value, where);
  }
  if (value === null || value === undefined) return [];
  if (type.startsWith('[')) {
    if (!Array.isArray(value)) return [`${where}: is no list`];
    return value.flatMap((each, index) => inputProblems(types, type.slice(1, -1), each, `${where}[${index}]`));
  }
  const known = types[type];
  if (known?.values) return known.values.includes(String(value)) ? [] : [`${where}: ${value} is no ${type}`];
  if (!known?.inputs) {
    const problem = scalarProblem(type, value);
    return problem ? [`${where}: ${problem}`] : [];
  }
  const given = isFields(value) ? value : {};
  const { inputs } = known;
  const unknown = Object.keys(given).filter((name) => !(name in inputs));
  return [
    ...unknown.map((name) => `${where}.${name}: ${type} has no such field`),
    ...Object.entries(inputs).flatMap(([name, of]) => inputProblems(types, of, given[name], `${where}.${name}`)),
  ];
}

/** Whether a variable of one type may be given where another is asked for. */
function fits(declared: string, asked: string): boolean {
  return declared === asked || declared === `${asked}!`;
}

function argProblems(query: Query, args: Record<string, string>, { field, args: given }: Selection): string[] {
  const missing = Object.keys(args).filter((name) => args[name]?.endsWith('!') && !given.some(([one]) => one === name));
  return [
    ...missing.map((name) => `${field}: lacks ${name}`),
    ...given.flatMap(([name, value]) => {
      const asked = args[name];
      if (asked === undefined) return [`${field}: knows no ${name}`];
      if (!value.startsWith('$')) return [];
      const declared = query.variables[value.slice(1)];
      return declared && fits(declared, asked) ? [] : [`${field}: ${name} is ${asked}, and ${value} is ${declared}`];
    }),
  ];
}

function selectionProblems(types: Types, query: Query, name: string, selections: readonly Selection[]): string[] {
  return selections.flatMap((selection) => {
    if (selection.on !== undefined) {
      const isPossible = types[name]?.possible?.includes(selection.on);
      if (!isPossible) return [`${name} is never ${selection.on}`];
      return selectionProblems(types, query, selection.on, selection.selections);
    }
    const field = types[name]?.fields?.[selection.field ?? ''];
    if (!field) return [`${name} has no field ${selection.field}`];
    const of = bare(field.type);
    const isObject = types[of]?.fields !== undefined;
    if (isObject !== selection.selections.length > 0)
      return [`${selection.field}: of ${of} it must be said what of it`];
    return [...argProblems(query, field.args, selection), ...selectionProblems(types, query, of, selection.selections)];
  });
}

function valueProblems(types: Types, type: string, value: unknown, selections: Selection[], where: string): string[] {
  if (type.endsWith('!') && value === null) return [`${where}: is null, and never is`];
  const of = type.replace(/!$/, '');
  if (value === null) return [];
  if (value === undefined) return [`${where}: is missing`];
  if (of.startsWith('[')) {
    if (!Array.isArray(value)) return [`${where}: is no list`];
    return value.flatMap((each, at) => valueProblems(types, of.slice(1, -1), each, selections, `${where}[${at}]`));
  }
  const known = types[of];
  if (known?.fields) return objectProblems(types, of, value, selections, where);
  if (known?.values) return known.values.includes(String(value)) ? [] : [`${where}: ${value} is no ${of}`];
  const problem = scalarProblem(of, value);
  return problem ? [`${where}: ${problem}`] : [];
}

/** Of a fragment, what is there must be right; whether it must be there is known by the object's kind only. */
function objectProblems(types: Types, name: string, value: unknown, selections: Selection[], where: string): string[] {
  if (!isFields(value)) return [`${where}: is no object`];
  const asked = selections.flatMap(({ field, on, selections: inner }) =>
    on === undefined
      ? [{ field, of: types[name]?.fields?.[field ?? ''], inner, isSure: true }]
      : inner.map((each) => ({
          field: each.field,
          of: types[on]?.fields?.[each.field ?? ''],
          inner: each.selections,
          isSure: false,
        })),
  );
  const unasked = Object.keys(value).filter((key) => !asked.some(({ field }) => field === key));
  return [
    ...unasked.map((key) => `${where}.${key}: was not asked for`),
    ...asked.flatMap(({ field = '', of, inner, isSure }) =>
      of === undefined || (!isSure && !(field in value))
        ? []
        : valueProblems(types, of.type, value[field], inner, `${where}.${field}`),
    ),
  ];
}

/** What is not as the schema says; nothing where all is. An answer with errors is looked at for its errors only. */
export function graphqlProblems(types: Types, request: Json, answer: Json): string[] {
  const query = parseQuery(String(request.query));
  const root = query.kind === 'query' ? 'Query' : 'Mutation';
  const given = isFields(request.variables) ? request.variables : {};
  const unknown = Object.keys(given).filter((name) => !(name in query.variables));
  const wrong = [
    ...selectionProblems(types, query, root, query.selections),
    ...unknown.map((name) => `$${name}: is not declared`),
    ...Object.entries(query.variables).flatMap(([name, type]) => inputProblems(types, type, given[name], `$${name}`)),
  ];
  if (wrong.length > 0 || answer.errors === undefined) {
    return [...wrong, ...(wrong.length > 0 ? [] : objectProblems(types, root, answer.data, query.selections, 'data'))];
  }
  const errors = Array.isArray(answer.errors) ? answer.errors : [];
  const isTold = errors.length > 0 && errors.every((error) => isFields(error) && typeof error.message === 'string');
  return isTold ? [] : ['errors: none has a message'];
}
