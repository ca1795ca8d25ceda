/** What one condition may cost. Nothing that a tenant writes may hold the controller's only thread. */
export const LIMITS = {
  /** Bytes of source, UTF-8. */
  source: 4096,
  /** How deep expressions, and the values they compare, may nest. */
  depth: 64,
  /** Evaluation steps: one per node visited and per element touched; regular expressions and long texts cost more. */
  steps: 100_000,
  /** Elements of one array. */
  array: 10_000,
  /** Characters of one text that a condition builds. */
  text: 100_000,
} as const;

/** Where in a source, both from 1. */
export interface Position {
  line: number;
  column: number;
}

export function positionAt(source: string, offset: number): Position {
  const before = source.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** A source that is not a condition. */
export class SyntaxProblem extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'SyntaxProblem';
    this.offset = offset;
  }
}

/** A condition that cannot be evaluated for this result. `offset` is filled in by the node that failed. */
export class EvaluationProblem extends Error {
  offset: number | undefined;

  constructor(message: string) {
    super(message);
    this.name = 'EvaluationProblem';
  }
}

/** The steps left to one evaluation. */
export class Budget {
  #left: number = LIMITS.steps;

  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) {
      throw new EvaluationProblem(
        `the condition takes more than ${LIMITS.steps.toLocaleString('en')} evaluation steps`,
      );
    }
  }
}
