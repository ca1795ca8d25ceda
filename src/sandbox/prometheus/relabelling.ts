import { define, type PromFunction, stringOf, vector, vectorOf } from './function.ts';
import { wholeValue } from './matchers.ts';
import { type Labels, QueryError, type Sample, signature } from './values.ts';

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Functions that rewrite labels and leave values alone. */
export function relabelling(name: string): PromFunction | undefined {
  if (name === 'label_replace') {
    return define({
      parameters: ['vector', 'string', 'string', 'string', 'string'],
      evaluate: ([samples, ...texts]) => vector(replaceLabel(vectorOf(samples), texts.map(stringOf))),
    });
  }
  if (name === 'label_join') {
    return define({
      parameters: ['vector', 'string', 'string', 'string'],
      optional: 1,
      variadic: true,
      evaluate: ([samples, ...texts]) => vector(joinLabels(vectorOf(samples), texts.map(stringOf))),
    });
  }
  return undefined;
}

function replaceLabel(samples: Sample[], texts: string[]): Sample[] {
  const [target = '', replacement = '', source = '', expression = ''] = texts;
  const pattern = wholeValue(expression);
  return relabelled(samples, target, (labels) => {
    const matcher = pattern.matcher(labels[source] ?? '');
    if (!matcher.find()) return undefined;
    return replacement.replace(/\$(?:\$|(\d+)|\{(\w+)\}|(\w+))/g, (whole, digits, braced, bare) => {
      if (whole === '$$') return '$';
      return group(matcher, digits ?? braced ?? bare);
    });
  });
}

function group(matcher: { group(group: string | number): string | null | undefined }, name: string): string {
  try {
    return matcher.group(/^\d+$/.test(name) ? Number(name) : name) ?? '';
  } catch {
    return '';
  }
}

function joinLabels(samples: Sample[], [target = '', separator = '', ...sources]: string[]): Sample[] {
  return relabelled(samples, target, (labels) => sources.map((source) => labels[source] ?? '').join(separator));
}

function relabelled(samples: Sample[], target: string, text: (labels: Labels) => string | undefined): Sample[] {
  if (!LABEL_NAME.test(target))
    throw new QueryError('execution', `invalid destination label name in label_replace(): ${target}`);
  const result = samples.map((sample) => {
    const value = text(sample.labels);
    if (value === undefined) return sample;
    const { [target]: _, ...rest } = sample.labels;
    return { ...sample, labels: value === '' ? rest : { ...rest, [target]: value } };
  });
  const distinct = new Set(result.map(({ labels }) => signature(labels)));
  if (distinct.size < result.length) {
    throw new QueryError('execution', 'vector cannot contain metrics with the same labelset');
  }
  return result;
}
