/** Runs sequences on two servers side by side until they disagree. */
import { type Difference, differences, show } from './compare.ts';
import { createExecutor, type Outcome } from './executor.ts';
import { sequenceOf } from './generator.ts';
import { type KnownDifference, knownDifference } from './known.ts';
import { describeOperation, type Operation } from './operations.ts';
import type { Side } from './side.ts';

export interface Disagreement {
  seed: number;
  /** Counted from 0 within the sequence. */
  number: number;
  operation: Operation;
  outcomes: [Outcome, Outcome];
  differences: Difference[];
}

export interface SequenceReport {
  operations: number;
  disagreement: Disagreement | undefined;
  /** Which known differences occurred. */
  known: Set<KnownDifference>;
}

/** After a difference the two are in different states: the rest of the sequence would say nothing. */
export async function runSequence(sides: [Side, Side], seed: number, only?: string): Promise<SequenceReport> {
  const { namespace, operations } = sequenceOf(seed, only);
  const executors = sides.map((side) => createExecutor(side, namespace));
  const known = new Set<KnownDifference>();
  await Promise.all(executors.map((executor) => executor.begin()));
  for (const [number, operation] of operations.entries()) {
    const [left, right] = (await Promise.all(executors.map((executor) => executor.execute(operation)))) as [
      Outcome,
      Outcome,
    ];
    const found = differences(left, right).filter((difference) => {
      const match = knownDifference(operation, difference, [left, right], operations.slice(0, number));
      if (match) known.add(match);
      return !match;
    });
    // Whatever differs by design leaves the two in different states, just as well.
    const isApart = left.code !== right.code || differences(left.body, right.body).length > 0;
    if (isApart && found.length === 0) return { operations: number + 1, disagreement: undefined, known };
    if (found.length > 0) {
      const disagreement = {
        seed,
        number,
        operation,
        outcomes: [left, right] as [Outcome, Outcome],
        differences: found,
      };
      return { operations: number + 1, disagreement, known };
    }
  }
  return { operations: operations.length, disagreement: undefined, known };
}

/** The same cause mostly shows at the same place. */
export function signature({ operation, differences: [first], outcomes: [left, right] }: Disagreement): string {
  const { verb, kind, subresource } = operation;
  const type = operation.verb === 'patch' ? operation.type : '';
  const path = first?.path.replaceAll(/\[\d+\]/g, '[]') ?? '';
  return [verb, type, kind.kind, subresource, left.code, right.code, path].filter((part) => part !== '').join(' ');
}

export function describeDisagreement(disagreement: Disagreement, names: [string, string]): string {
  const { seed, number, operation, outcomes, differences: found } = disagreement;
  const lines = found
    .slice(0, 8)
    .flatMap(({ path, left, right }) => [
      `  ${path}`,
      `    ${names[0]}: ${show(left)}`,
      `    ${names[1]}: ${show(right)}`,
    ]);
  const answers = outcomes.map((outcome, index) => `  ${names[index]} answered ${outcome.code} ${show(outcome.body)}`);
  return [`seed ${seed}, operation ${number}: ${describeOperation(operation)}`, ...lines, ...answers].join('\n');
}
