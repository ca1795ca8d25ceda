import type { Matcher } from './values.ts';

/** How an instant of a selector or subquery is moved; milliseconds. */
export interface Shift {
  offset: number;
  /** Fixed evaluation time. */
  pinned?: number | 'start' | 'end';
}

export interface Grouping {
  by: boolean;
  labels: string[];
}

export interface Matching {
  /** `on` (true) or `ignoring`. */
  on: boolean;
  labels: string[];
  /** The side that may have many elements per match; absent for one to one. */
  many?: 'left' | 'right';
  include: string[];
}

export type Expression = { at: number } & (
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'selector'; name: string; matchers: Matcher[]; range?: number; shift: Shift }
  | { kind: 'subquery'; inner: Expression; range: number; step: number | undefined; shift: Shift }
  | { kind: 'call'; name: string; parameters: Expression[] }
  | { kind: 'aggregate'; operator: string; grouping: Grouping; parameter?: Expression; inner: Expression }
  | { kind: 'binary'; operator: string; bool: boolean; matching?: Matching; left: Expression; right: Expression }
  | { kind: 'unary'; negative: boolean; inner: Expression }
  | { kind: 'group'; inner: Expression }
);

export type ExpressionOf<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

export const COMPARISONS = ['==', '!=', '<', '>', '<=', '>='];
export const SET_OPERATORS = ['and', 'or', 'unless'];
export const AGGREGATORS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
];
export const AGGREGATORS_WITH_PARAMETER = ['topk', 'bottomk', 'quantile', 'count_values'];
