/**
 * Writes src/rollout/go-json/structs.ts: the fields, in Go's order, of the Go structs that a hash is made from.
 *
 *   go mod download k8s.io/api@v0.34.4 k8s.io/apimachinery@v0.34.4 github.com/argoproj/argo-rollouts@v1.10.0
 *   node scripts/go-structs.ts "$(go env GOMODCACHE)"
 *
 * It needs those Go sources and is therefore no part of `npm run generate`. A newer version of them changes the hash of
 * every template that uses a new field, exactly as a newer reference controller does. Whatever in the sources is not
 * understood is an error: a guess would be a wrong hash.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = ['k8s.io/api@v0.34.4', 'k8s.io/apimachinery@v0.34.4', 'github.com/argoproj/argo-rollouts@v1.10.0'];

const ROOTS = [
  { path: 'k8s.io/api/core/v1', type: 'PodTemplateSpec' },
  { path: 'github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1', type: 'CanaryStep' },
];

/** Types with an encoding of their own, and the word that the table has for them. */
const LEAVES: Readonly<Record<string, string>> = {
  'encoding/json.RawMessage': 'Raw',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'Quantity',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'Raw',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'Time',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'IntOrString',
};
const LINE_WIDTH = 120;
const BASIC = new Set(['string', 'bool', 'int32', 'int64']);

interface Package {
  path: string;
  /** Paths by the name that the sources use. */
  imports: Map<string, string>;
  /** Bodies of the structs. */
  structs: Map<string, string>;
  /** What a named type that is no struct stands for. */
  names: Map<string, string>;
  /** The types that encode themselves. */
  encoders: Set<string>;
}

interface Field {
  /** Undefined for an embedded struct. */
  name: string | undefined;
  type: string;
  flags: string[];
}

const IMPORT = /^(?:import)?\s+(?:(\w+) )?"([^"]+)"$/gm;
const STRUCT = /^type (\w+) struct \{\n([\s\S]*?)^\}/gm;
const NAMED = /^type (\w+) (?:= )?([\w.[\]*]+)$/gm;
const ENCODER = /^func \((?:\w+ )?\*?(\w+)\) Marshal(?:JSON|Text)\(/gm;
const FIELD = /^\t(?:\w+\s+)?(\S+)\s+`.*?json:"([^"]*)".*`/;

const [cache] = process.argv.slice(2);
if (cache === undefined) throw new Error('usage: go-structs.ts GO-MODULE-CACHE');

const packages = new Map<string, Package>();

function packageAt(path: string): Package {
  const known = packages.get(path);
  if (known) return known;
  const module = MODULES.find((candidate) => path.startsWith(candidate.replace(/@.*/, '/')));
  if (module === undefined) throw new Error(`${path} is in none of ${MODULES.join(', ')}`);
  const folder = join(cache ?? '', module, path.slice(module.indexOf('@')));
  const files = readdirSync(folder).filter((name) => name.endsWith('.go') && !/_test\.go$|generated/.test(name));
  const sources = files.map((name) => readFileSync(join(folder, name), 'utf8'));
  const all = (pattern: RegExp) => sources.flatMap((source) => [...source.matchAll(pattern)]);
  const found: Package = {
    path,
    imports: new Map(all(IMPORT).map(([, alias, from = '']) => [alias ?? from.split('/').at(-1) ?? '', from])),
    structs: new Map(all(STRUCT).map(([, name = '', body = '']) => [name, body])),
    names: new Map(all(NAMED).map(([, name = '', type = '']) => [name, type])),
    encoders: new Set(all(ENCODER).map(([, name = '']) => name)),
  };
  packages.set(path, found);
  return found;
}

function fieldsOf(body: string): Field[] {
  const lines = body.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
  return lines.map((line) => {
    const [, type, tag] = FIELD.exec(line) ?? [];
    if (type === undefined || tag === undefined) throw new Error(`not a field with a JSON name: ${line}`);
    const [name = '', ...flags] = tag.split(',');
    return { name: name === '' ? undefined : name, type, flags };
  });
}

/** The text of each struct, by its name; two structs of one name would need longer names. */
const table = new Map<string, { path: string; text: string }>();

/** The package and the name of a type that the sources of `from` mention. */
function located(type: string, from: Package): { at: Package | undefined; path: string; name: string } {
  const [name = '', alias] = type.split('.').reverse();
  if (alias === undefined) return { at: from, path: from.path, name };
  const path = from.imports.get(alias);
  if (path === undefined) throw new Error(`${from.path}: ${type} is of no package that is imported`);
  return { at: `${path}.${name}` in LEAVES ? undefined : packageAt(path), path, name };
}

/** A type in the words of the table; structs that it names are put there. */
function resolved(type: string, from: Package): string {
  const [, prefix, rest] = /^(\*|\[\]|map\[[^\]]+\])(.+)$/.exec(type) ?? [];
  if (prefix !== undefined && rest !== undefined) {
    const key = /^map\[(.+)\]$/.exec(prefix)?.[1];
    if (key !== undefined && resolved(key, from) !== 'string')
      throw new Error(`${from.path}: ${type} has no text keys`);
    return `${key === undefined ? prefix : 'map[string]'}${resolved(rest, from)}`;
  }
  if (BASIC.has(type)) return type;
  const { at, path, name } = located(type, from);
  const leaf = LEAVES[`${path}.${name}`];
  if (leaf !== undefined) return leaf;
  if (at === undefined || at.encoders.has(name)) throw new Error(`${path}.${name} encodes itself: say how in LEAVES`);
  const meaning = at.names.get(name);
  if (meaning !== undefined) return resolved(meaning, at);
  describe(name, at);
  return name;
}

function describe(name: string, at: Package): void {
  const known = table.get(name);
  if (known) {
    if (known.path !== at.path) throw new Error(`${name} is a struct of both ${known.path} and ${at.path}`);
    return;
  }
  const entry = { path: at.path, text: '' };
  table.set(name, entry);
  const fields = flattened(name, at);
  const names = fields.map((field) => field.split(/\W/, 1)[0]);
  if (new Set(names).size < names.length) throw new Error(`${at.path}.${name} has two fields of one name`);
  entry.text = fields.join('; ');
}

/** A struct's fields in the order in which Go writes them: those of an embedded struct stand in its place. */
function flattened(name: string, at: Package): string[] {
  const body = at.structs.get(name);
  if (body === undefined) throw new Error(`${at.path} has no type ${name}`);
  return fieldsOf(body).flatMap((field) => {
    if (field.name === undefined) {
      const embedded = located(field.type, at);
      return flattened(embedded.name, embedded.at ?? at);
    }
    const type = resolved(field.type, at);
    return [`${field.name}${isLeftOut(type, field.flags) ? '?' : ''} ${type}`];
  });
}

/** Whether an empty value is not written: omitempty has no effect on a struct, omitzero is there for times alone. */
function isLeftOut(type: string, flags: string[]): boolean {
  const isStruct = /^[A-Z]/.test(type) && type !== 'Raw';
  if (flags.includes('omitzero') && type !== 'Time') throw new Error(`omitzero on ${type}`);
  return flags.includes(isStruct ? 'omitzero' : 'omitempty');
}

for (const { path, type } of ROOTS) describe(type, packageAt(path));

/** As the formatter would write it. */
function entryOf(name: string): string {
  const text = `'${table.get(name)?.text}',\n`;
  const line = `  ${name}: ${text}`;
  return line.length <= LINE_WIDTH + 1 ? line : `  ${name}:\n    ${text}`;
}

const text = `/**
 * Generated by scripts/go-structs.ts, do not edit. The sources:
 * ${MODULES.join(', ')}.
 *
 * The fields of each struct in Go's order, with their types in Go's notation; \`?\` marks those that are left out where
 * empty. Quantity, IntOrString, Time and Raw (any JSON) have an encoding of their own.
 */
export const STRUCTS = {
${[...table.keys()].sort().map(entryOf).join('')}} as const;
`;
writeFileSync(join(import.meta.dirname, '../src/rollout/go-json/structs.ts'), text);
