/** Which rule of an HTTPRoute answers a request, by the precedence that the Gateway API prescribes. */
import type { HttpRoute } from '../workloads/gateways.ts';

export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
}

type Rule = NonNullable<HttpRoute['spec']['rules']>[number];

interface Match {
  path?: { type?: string; value?: string };
  method?: string;
  headers?: { type?: string; name: string; value: string }[];
  queryParams?: unknown[];
}

function matchesOf({ matches = [] }: Rule): Match[] {
  return matches.length === 0 ? [{}] : (matches as Match[]);
}

/** Sandbox routes are the test's own: a regular expression is as good as the person who wrote it. */
function isWhole(text: string, expression: string): boolean {
  return new RegExp(`^(?:${expression})$`).test(text);
}

function isPath(path: string, { type = 'PathPrefix', value = '/' }: NonNullable<Match['path']>): boolean {
  if (type === 'Exact') return path === value;
  if (type === 'RegularExpression') return isWhole(path, value);
  const stem = value.replace(/\/$/, '');
  return path === stem || path.startsWith(`${stem}/`);
}

function isMatch({ path = {}, method, headers = [], queryParams = [] }: Match, request: Request): boolean {
  const sent = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const isHeader = ({ type, name, value }: NonNullable<Match['headers']>[number]) => {
    const is = sent.get(name.toLowerCase());
    return is !== undefined && (type === 'RegularExpression' ? isWhole(is, value) : is === value);
  };
  const isMethod = method === undefined || method === request.method;
  return isPath(request.path, path) && isMethod && headers.every(isHeader) && queryParams.length === 0;
}

function precedence({ path: { type, value = '/' } = {}, method, headers = [], queryParams = [] }: Match): number[] {
  return [type === 'Exact' ? 1 : 0, value.length, method ? 1 : 0, headers.length, queryParams.length];
}

function byPrecedence(one: number[], other: number[]): number {
  return one.map((value, index) => (other[index] ?? 0) - value).find((difference) => difference !== 0) ?? 0;
}

/** Undefined where no rule matches. The first of equal ones answers. */
export function answering(route: HttpRoute, request: Request): Rule | undefined {
  const found = (route.spec.rules ?? []).flatMap((rule) =>
    matchesOf(rule)
      .filter((match) => isMatch(match, request))
      .map((match) => ({ rule, rank: precedence(match) })),
  );
  return found.sort((one, other) => byPrecedence(one.rank, other.rank))[0]?.rule;
}

/** What users ask for who know of no special header: one request for each path and method of the rules, each once. */
export function plainRequests(rules: Rule[]): Request[] {
  const plain = rules
    .flatMap(matchesOf)
    .filter(({ headers = [], queryParams = [] }) => headers.length + queryParams.length === 0);
  const requests = plain.map(({ path, method = 'GET' }) => ({ method, path: path?.value ?? '/', headers: {} }));
  return [...new Map(requests.map((request) => [`${request.method} ${request.path}`, request])).values()];
}
