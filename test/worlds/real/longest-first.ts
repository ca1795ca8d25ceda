import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take a minute or more, by the time they take: what is measured first, while least else is at work. */
const LONG = [
  'real/loop.test.ts',
  'real/scenarios.test.ts',
  'git-hosts/proposals-ended.test.ts',
  'git-hosts/pushes.test.ts',
  'git-hosts/proposals-opened.test.ts',
  'git-hosts/discussions.test.ts',
  'git-hosts/commits.test.ts',
  'behaviour/refused-template.test.ts',
  'behaviour/take-over.test.ts',
  'behaviour/loop.test.ts',
  'behaviour/workload-ref.test.ts',
  'behaviour/analysis.test.ts',
  'behaviour/quiet.test.ts',
];

/** A long story begins before all short ones, so that none is left to run alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
      return place === -1 ? LONG.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
