import { fieldsOf, listOf, textOf } from '../api/fields.ts';
import type { ManagedRoute, StringMatch } from '../api/index.ts';
import type { Problem } from '../errors.ts';

type Match = Record<string, unknown>;

interface Path {
  type: string;
  value: string;
}

/** What a managed route asks for in a rule: the matches of the rule's copy, and why some could not be made. */
export interface CopiedMatches {
  /** Each with the match of the rule that it was made from. */
  matches: { match: Match; source: Match }[];
  problems: Problem[];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/;
const LONGEST_VALUE = 4096;
const EVERY_PATH: Path = { type: 'PathPrefix', value: '/' };

function pathOf(match: Match): Path {
  const { type, value } = fieldsOf(match.path);
  return { type: textOf(type) ?? EVERY_PATH.type, value: textOf(value) ?? EVERY_PATH.value };
}

/** With the API's defaults written out: what the server stores is the same as what was sent. */
export function normalMatches(matches: unknown): Match[] {
  const list = listOf(matches);
  const withType = (each: unknown) => ({ type: 'Exact', ...fieldsOf(each) });
  return (list.length === 0 ? [{}] : list).map(fieldsOf).map((match) => ({
    ...match,
    path: pathOf(match),
    ...(match.headers === undefined ? {} : { headers: listOf(match.headers).map(withType) }),
    ...(match.queryParams === undefined ? {} : { queryParams: listOf(match.queryParams).map(withType) }),
  }));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A header in the API's words, where a prefix is a regular expression. */
function headerMatch(name: string, { exact, prefix, regex }: StringMatch): Match {
  if (exact) return { type: 'Exact', name, value: exact };
  return { type: 'RegularExpression', name, value: prefix ? `${escaped(prefix)}.*` : (regex ?? '') };
}

interface Header {
  name: string;
  value: StringMatch;
  path: string;
}

function headerProblems(headers: Header[]): Problem[] {
  return headers.flatMap(({ name, value, path }, index) => {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name)) return [{ path, message: `"${name}" is no name of a header` }];
    if (headers.findIndex((other) => other.name.toLowerCase() === lower) < index)
      return [{ path, message: `an HTTPRoute compares a header once, and "${name}" is there already; remove one` }];
    const text = textOf(headerMatch(name, value).value) ?? '';
    return text === '' || text.length > LONGEST_VALUE
      ? [{ path, message: `an HTTPRoute compares a header with 1 to ${LONGEST_VALUE} characters; shorten it` }]
      : [];
  });
}

/** The headers of both; a header that both compare must be compared alike, because an HTTPRoute compares it once. */
function joinedHeaders(source: Match, headers: Header[]): { joined: Match[]; problems: Problem[] } {
  const own = listOf(source.headers).map(fieldsOf);
  const problems: Problem[] = [];
  const added = headers.flatMap(({ name, value, path }) => {
    const there = own.find((header) => textOf(header.name)?.toLowerCase() === name.toLowerCase());
    const wanted = headerMatch(name, value);
    if (there === undefined) return [wanted];
    if (there.value !== wanted.value || (there.type ?? 'Exact') !== wanted.type)
      problems.push({
        path,
        message: `the rule compares header "${name}" itself, in another way; choose another header`,
      });
    return [];
  });
  return { joined: [...own, ...added], problems };
}

function withHeaders(source: Match, headers: Header[]): CopiedMatches {
  const { joined, problems } = joinedHeaders(source, headers);
  if (problems.length > 0) return { matches: [], problems };
  const match = { ...source, ...(joined.length > 0 && { headers: joined }) };
  return { matches: [{ match, source }], problems };
}

function within(prefix: string, path: string): boolean {
  const stem = prefix.replace(/\/$/, '');
  return path === stem || path === prefix || path.startsWith(`${stem}/`);
}

/** The paths that are in both; `none`, or `unknown` where a regular expression leaves that open. */
function commonPath(one: Path, other: Path): Path | 'none' | 'unknown' {
  const isAll = ({ type, value }: Path) => type === 'PathPrefix' && value === '/';
  if (isAll(one)) return other;
  if (isAll(other) || (one.type === other.type && one.value === other.value)) return one;
  if ([one.type, other.type].includes('RegularExpression')) return 'unknown';
  const isNarrower = one.type === 'Exact' || (other.type !== 'Exact' && within(other.value, one.value));
  const [wide, narrow] = isNarrower ? [other, one] : [one, other];
  const isIn = wide.type === 'Exact' ? wide.value === narrow.value : within(wide.value, narrow.value);
  return isIn ? narrow : 'none';
}

function wantedPath({ exact, prefix, regex }: StringMatch): Path {
  if (exact) return { type: 'Exact', value: exact };
  return prefix ? { type: 'PathPrefix', value: prefix } : { type: 'RegularExpression', value: regex ?? '' };
}

type Mirror = Extract<ManagedRoute, { kind: 'mirror' }>;

function mirrored(source: Match, { method, path, headers }: Mirror['match'][number], at: string): CopiedMatches {
  const refused = (field: string, message: string) => ({
    matches: [],
    problems: [{ path: `${at}.${field}`, message }],
  });
  if (method && !METHODS.includes(method.exact ?? ''))
    return refused('method', `an HTTPRoute compares methods exactly; set exact to one of ${METHODS.join(', ')}`);
  if (path && !path.regex && !/^\/[^#]*$/.test(path.exact || path.prefix || ''))
    return refused('path', 'an HTTPRoute compares paths that begin with "/"; correct the path');
  const common = path ? commonPath(pathOf(source), wantedPath(path)) : pathOf(source);
  if (common === 'unknown')
    return refused(
      'path',
      `cannot be joined with ${pathOf(source).type} "${pathOf(source).value}" of the rule, because one of them is a regular expression; choose exact or prefix`,
    );
  const own = source.method;
  if (common === 'none' || (method && own !== undefined && own !== method.exact)) return { matches: [], problems: [] };
  const narrowed = { ...source, path: common, ...(method && { method: method.exact }) };
  const wanted = Object.entries(headers ?? {}).map(([name, value]) => ({ name, value, path: `${at}.headers.${name}` }));
  const bad = headerProblems(wanted);
  if (bad.length > 0) return { matches: [], problems: bad };
  const { matches, problems } = withHeaders(narrowed, wanted);
  return { matches: matches.map(({ match }) => ({ match, source })), problems };
}

/** The matches of the copy of a rule that has these; paths of problems are relative to the step that sets the route. */
export function copiedMatches(route: ManagedRoute, matches: unknown): CopiedMatches {
  const all = normalMatches(matches).map((source) => {
    if (route.kind === 'mirror') return route.match.map((each, index) => mirrored(source, each, `match[${index}]`));
    const headers = route.match.map(({ headerName, headerValue }, index) => ({
      name: headerName,
      value: headerValue,
      path: `match[${index}].headerName`,
    }));
    const problems = headerProblems(headers);
    return [problems.length > 0 ? { matches: [], problems } : withHeaders(source, headers)];
  });
  const parts = all.flat();
  return { matches: parts.flatMap((part) => part.matches), problems: parts.flatMap((part) => part.problems) };
}

const PATH_RANKS = ['RegularExpression', 'PathPrefix', 'Exact'];

/** By what the Gateway API decides between rules that match the same request: the larger goes first. */
function rank(match: Match): number[] {
  const { type, value } = pathOf(match);
  return [
    PATH_RANKS.indexOf(type),
    value.length,
    match.method === undefined ? 0 : 1,
    listOf(match.headers).length,
    listOf(match.queryParams).length,
  ];
}

/** Whether the one goes before the other where both match; undefined where they are equal. */
export function outranks(one: Match, other: Match): boolean | undefined {
  const [own, theirs] = [rank(one), rank(other)];
  const at = own.findIndex((value, index) => value !== theirs[index]);
  return at < 0 ? undefined : (own[at] ?? 0) > (theirs[at] ?? 0);
}

/** Whether a request can match both, as far as paths and methods tell. */
export function overlap(one: Match, other: Match): boolean {
  const isOtherMethod = one.method !== undefined && other.method !== undefined && one.method !== other.method;
  return !isOtherMethod && commonPath(pathOf(one), pathOf(other)) !== 'none';
}
