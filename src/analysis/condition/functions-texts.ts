import { durationMilliseconds } from '../../api/durations.ts';
import { type Builtin, type Call, elements, fail, integer, text } from './call.ts';
import { EvaluationProblem } from './limits.ts';
import { decimal, Instant, NoData, Span, typeName, UNKNOWN, type Value, withinArray, withinText } from './values.ts';

/** As text: what the language's `string()` shows. */
export function shown(value: Value): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return decimal(value);
  if (value instanceof Instant) return new Date(value.milliseconds).toISOString();
  if (value instanceof Span) return `${value.milliseconds / 1000}s`;
  if (value === UNKNOWN) throw new NoData();
  if (typeof value === 'object') {
    return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part));
  }
  return String(value);
}

const KINDS: Record<string, string> = {
  nil: 'nil',
  bool: 'bool',
  int: 'int',
  float64: 'float',
  string: 'string',
  '[]interface {}': 'array',
  'map[string]interface {}': 'map',
};

function duration(call: Call): Span {
  const source = text(call);
  const milliseconds = durationMilliseconds(source);
  if (milliseconds !== undefined) return new Span(milliseconds);
  throw new EvaluationProblem(`invalid duration "${source.slice(0, 40)}": as in "90s" or "1h30m"`);
}

function date(call: Call): Instant {
  const source = text(call);
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(source);
  const [, day, time = '00:00:00', zone = 'Z'] = match ?? [];
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(milliseconds))
    throw new EvaluationProblem(`invalid date "${source.slice(0, 40)}": as in "2026-01-31" or RFC 3339`);
  return new Instant(milliseconds);
}

function joined(call: Call): string {
  const parts = elements(call);
  if (!parts.every((part) => typeof part === 'string')) throw fail(call, 0);
  return withinText(parts.join(call.args.length > 1 ? text(call, 1) : ''));
}

function split(call: Call): Value {
  const separator = text(call, 1);
  const parts = text(call).split(separator);
  withinArray(parts.length);
  call.budget.spend(parts.length);
  const limit = call.args.length > 2 ? integer(call, 2) : -1;
  if (limit < 0 || parts.length <= limit) return parts;
  return limit === 0 ? [] : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function trimmed(call: Call): string {
  if (call.args.length === 1) return text(call).trim();
  const set = new Set(text(call, 1));
  const characters = [...text(call)];
  const kept = (character: string) => !set.has(character);
  return characters.slice(characters.findIndex(kept), characters.findLastIndex(kept) + 1).join('');
}

function repeated(call: Call): string {
  const times = integer(call, 1);
  const source = text(call);
  if (times < 0) throw new EvaluationProblem('repeat takes a count of at least 0');
  if (source.length * times > 1_000_000) return withinText(source.repeat(Math.ceil(1_000_000 / source.length)));
  return withinText(source.repeat(times));
}

export const TEXTS: Record<string, Builtin> = {
  string: (call) => withinText(shown(call.args[0] ?? null)),
  type: (call) => KINDS[typeName(call.args[0] ?? null)] ?? typeName(call.args[0] ?? null),
  trim: trimmed,
  trimPrefix: (call) => (text(call).startsWith(text(call, 1)) ? text(call).slice(text(call, 1).length) : text(call)),
  trimSuffix: (call) => {
    const suffix = text(call, 1);
    return suffix !== '' && text(call).endsWith(suffix) ? text(call).slice(0, -suffix.length) : text(call);
  },
  upper: (call) => text(call).toUpperCase(),
  lower: (call) => text(call).toLowerCase(),
  split,
  join: joined,
  replace: (call) => {
    const parts = text(call).split(text(call, 1));
    const size = text(call).length + parts.length * text(call, 2).length;
    if (size > 1_000_000) return withinText(' '.repeat(size > 1e8 ? 1e8 : size));
    return withinText(parts.join(text(call, 2)));
  },
  repeat: repeated,
  indexOf: (call) => BigInt(text(call).indexOf(text(call, 1))),
  lastIndexOf: (call) => BigInt(text(call).lastIndexOf(text(call, 1))),
  hasPrefix: (call) => text(call).startsWith(text(call, 1)),
  hasSuffix: (call) => text(call).endsWith(text(call, 1)),
  now: (call) => new Instant(call.now),
  date,
  duration,
};
