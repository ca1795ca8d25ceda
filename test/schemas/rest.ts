/** Whether what is sent and answered is what an API's published description says. */
import { Errors } from 'typebox/schema';

export interface Operation {
  path: string;
  method: string;
  query: Record<string, object>;
  body?: object;
  /** By status; null: no content. */
  answers: Record<string, object | null>;
}

export interface Exchange {
  method: string;
  /** Below the API, with a slash at its beginning. */
  path: string;
  query: URLSearchParams;
  body: string;
  status: number;
  answer: string;
}

/** Answers that any operation may give: who asks, how often, whether it works at all. */
const ANYWHERE = new Set([301, 302, 307, 308, 401, 403, 404, 405, 409, 422, 429]);
const DETAILS = 3;

/** A branch's name may hold slashes; it is what ends a path. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : part));
  const isBranch = /\{(ref|branch)\}$/.test(path);
  return new RegExp(`^${(isBranch ? [...parts.slice(0, -1), '.+'] : parts).join('/')}$`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemsOf(what: string, schema: object, value: unknown): string[] {
  const [isRight, errors] = Errors(schema, value);
  if (isRight) return [];
  return errors.slice(0, DETAILS).map(({ instancePath, message }) => `${what}${instancePath}: ${message}`);
}

function queryProblems({ query }: Operation, given: URLSearchParams): string[] {
  return [...given].flatMap(([name, value]) => {
    const schema = query[name];
    if (!schema) return [`query ${name}: is not known`];
    const isNumber = 'type' in schema && schema.type === 'integer';
    return problemsOf(`query ${name}`, schema, isNumber ? Number(value) : value);
  });
}

function bodyProblems({ body: schema }: Operation, text: string): string[] {
  if (text === '') return [];
  return schema ? problemsOf('body', schema, parsed(text)) : ['body: none is known'];
}

function answerProblems({ answers }: Operation, status: number, text: string): string[] {
  const schema = answers[status];
  if (schema === undefined) return ANYWHERE.has(status) || status >= 500 ? [] : [`answer ${status}: is not known`];
  if (schema === null) return text === '' || status >= 300 ? [] : [`answer ${status}: has content`];
  return problemsOf(`answer ${status} `, schema, parsed(text));
}

/** What is not as the description says; nothing where all is. */
export function restProblems(operations: readonly Operation[], exchange: Exchange): string[] {
  const { method, path, query, body, status, answer } = exchange;
  const operation = operations.find((each) => each.method === method && patternOf(each.path).test(path));
  if (!operation) return [`${method} ${path}: no such operation`];
  const problems = [
    ...queryProblems(operation, query),
    ...bodyProblems(operation, body),
    ...answerProblems(operation, status, answer),
  ];
  return problems.map((problem) => `${method} ${operation.path}: ${problem}`);
}
