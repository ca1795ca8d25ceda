import { Type } from 'typebox';
import type { Condition } from './kubernetes.ts';
import { instant, list, longInteger, optional, text } from './schema.ts';

const common = { type: text('What the condition is about.'), status: text('True, False or Unknown.') };

const reason = text('One word for why.');
const message = text('A sentence for people.');
const lastTransitionTime = instant('When its status last changed.');

const stockCondition = Type.Object(
  { ...common, reason, message, lastUpdateTime: instant('When the condition was last written.'), lastTransitionTime },
  { description: 'One condition.' },
);

const ownCondition = Type.Object(
  {
    ...common,
    reason: optional(reason),
    message: optional(message),
    lastTransitionTime: optional(lastTransitionTime),
    observedGeneration: optional(longInteger('The generation of the spec that it speaks of.')),
  },
  { description: 'One condition.' },
);

const description = 'What holds at present, and why.';

/** Conditions of the argoproj.io kinds: the stock CRDs refuse any that lacks one of these fields. */
export const stockConditions = list(Type.Unsafe<Condition>(stockCondition), { description });

/** Conditions of the headgate.dev kinds. */
export const conditions = list(Type.Unsafe<Condition>(ownCondition), { description });

/** A condition that holds or does not: the time of its last transition stays while its status stays. */
export function conditionAt(
  now: string,
  before: readonly Condition[] | undefined,
  { type, holds, reason, message }: { type: string; holds: boolean; reason: string; message: string },
): Condition {
  const status = holds ? 'True' : 'False';
  const last = before?.find((condition) => condition.type === type);
  const lastTransitionTime = (last?.status === status ? last.lastTransitionTime : undefined) ?? now;
  return { type, status, reason, message, lastTransitionTime };
}
