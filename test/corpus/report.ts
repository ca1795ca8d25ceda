import { writeFile } from 'node:fs/promises';
import type { Result } from './corpus.ts';

/** All that was played, and what could not be. */
export interface Report {
  results: readonly Result[];
  /** Repositories that this machine lacks a program for. */
  skipped: readonly { repository: string; tool: string; cases: number }[];
  seconds: number;
}

/** Counts by name, the most first. */
export function counted(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([one, few], [other, many]) => many - few || one.localeCompare(other));
}

function table(title: string, names: readonly string[]): string {
  const rows = counted(names);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [title, ...rows.map(([name, count]) => `  ${name.padEnd(width)}  ${String(count).padStart(6)}`)].join('\n');
}

function summaryOf({ results, skipped, seconds }: Report) {
  return {
    repositories: new Set(results.map(({ case: { repository } }) => repository.name)).size,
    cases: results.length,
    written: results.filter(({ isChecked, outcome }) => isChecked && outcome.startsWith('written')).length,
    proposed: results.filter(({ isChecked, outcome }) => isChecked && outcome.startsWith('proposed')).length,
    wrongBytes: results.filter(({ hasWrongBytes }) => hasWrongBytes).length,
    unexpected: results.filter(({ wrong }) => wrong.length > 0).length,
    skippedRepositories: skipped.length,
    seconds,
  };
}

/** Whether anything was played, and all of it came out as it must. */
export function isGood({ results }: Report): boolean {
  return results.length > 0 && results.every(({ wrong }) => wrong.length === 0);
}

export function wrongText({ case: { name }, wrong, message }: Result): string {
  return `WRONG  ${name}\n       ${wrong.join('\n       ')}\n       said: ${message}`;
}

function skippedText(skipped: Report['skipped']): string {
  const lines = skipped.map(({ repository, tool, cases }) => `  ${repository}: ${cases} cases, there is no ${tool}`);
  return `SKIPPED, and neither right nor wrong\n${lines.join('\n')}`;
}

export function reportText(report: Report): string {
  const { results, skipped } = report;
  const { repositories, cases, written, proposed, wrongBytes, unexpected, seconds } = summaryOf(report);
  const parts = [
    table(
      'by outcome',
      results.map(({ outcome }) => outcome),
    ),
    table(
      'by layout',
      results.map(({ case: { repository } }) => repository.layout.name),
    ),
    ...(skipped.length > 0 ? [skippedText(skipped)] : []),
    `${cases} cases in ${repositories} repositories, ${seconds} s; ${skipped.length} repositories were skipped
${written} reverts were written and ${proposed} proposed, each checked anew: ${wrongBytes} with wrong bytes
${unexpected} cases did not come out as they must`,
  ];
  return `\n${parts.join('\n\n')}`;
}

export async function writeJson(file: string, report: Report): Promise<void> {
  const cases = report.results.map((result) => {
    const { repository, change, history, policy } = result.case;
    const { layout, style } = repository;
    const names = {
      layout: layout.name,
      style: style.name,
      change: change.name,
      history: history.name,
      policy: policy.name,
    };
    return { ...names, ...result, case: undefined };
  });
  const outcomes = Object.fromEntries(counted(report.results.map(({ outcome }) => outcome)));
  const all = { summary: summaryOf(report), outcomes, skipped: report.skipped, cases };
  await writeFile(file, `${JSON.stringify(all, null, 1)}\n`);
}
