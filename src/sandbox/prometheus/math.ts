import { define, type PromFunction, scalarOf, vector, vectorOf } from './function.ts';
import { type Sample, withoutName } from './values.ts';

const PLAIN: Record<string, (value: number) => number> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: Math.exp,
  ln: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  sqrt: Math.sqrt,
  sgn: Math.sign,
  deg: (value) => (value * 180) / Math.PI,
  rad: (value) => (value * Math.PI) / 180,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
};

/** With one or more scalars behind the vector. */
const WITH_SCALARS: Record<
  string,
  { scalars: number; optional?: number; apply: (value: number, ...scalars: number[]) => number }
> = {
  clamp: { scalars: 2, apply: (value, least = 0, most = 0) => Math.max(least, Math.min(most, value)) },
  clamp_min: { scalars: 1, apply: (value, least = 0) => Math.max(least, value) },
  clamp_max: { scalars: 1, apply: (value, most = 0) => Math.min(most, value) },
  round: {
    scalars: 1,
    optional: 1,
    apply: (value, nearest = 1) => Math.floor(value * (1 / nearest) + 0.5) / (1 / nearest),
  },
};

export function math(name: string): PromFunction | undefined {
  if (Object.hasOwn(PLAIN, name)) {
    const apply = PLAIN[name] as (value: number) => number;
    return define({ parameters: ['vector'], evaluate: ([samples]) => vector(mapValues(vectorOf(samples), apply)) });
  }
  if (Object.hasOwn(WITH_SCALARS, name)) return withScalars(name);
  if (name === 'sort' || name === 'sort_desc') {
    return define({
      parameters: ['vector'],
      evaluate: ([samples]) => vector(sorted(vectorOf(samples), name === 'sort')),
    });
  }
  if (name === 'timestamp') {
    return define({
      parameters: ['vector'],
      evaluate: ([samples], { time }) =>
        vector(
          vectorOf(samples).map((sample) => ({
            labels: withoutName(sample.labels),
            value: (sample.time ?? time) / 1000,
          })),
        ),
    });
  }
  return undefined;
}

function withScalars(name: string): PromFunction | undefined {
  const known = WITH_SCALARS[name];
  if (!known) return undefined;
  return define({
    parameters: ['vector', ...Array.from({ length: known.scalars }, () => 'scalar' as const)],
    optional: known.optional ?? 0,
    evaluate([samples, ...rest]) {
      const scalars = rest.map(scalarOf);
      if (name === 'clamp' && (scalars[0] as number) > (scalars[1] as number)) return vector([]);
      return vector(mapValues(vectorOf(samples), (value) => known.apply(value, ...scalars)));
    },
  });
}

function mapValues(samples: Sample[], apply: (value: number) => number): Sample[] {
  return samples.map(({ labels, value }) => ({ labels: withoutName(labels), value: apply(value) }));
}

/** By value; NaN comes last either way. */
export function sorted(samples: Sample[], ascending: boolean): Sample[] {
  return [...samples].sort((a, b) => {
    if (Number.isNaN(a.value) || Number.isNaN(b.value))
      return Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value));
    return ascending ? a.value - b.value : b.value - a.value;
  });
}
