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
