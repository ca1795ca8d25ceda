import type { Baseline } from './matrix.ts';
import type { Outcome } from './workers.ts';

/** API calls of one revert in which nothing goes wrong. */
export interface CallCount {
  host: string;
  mode: string;
  /** Writes to the API server. */
  clusterWrites: number;
  /** Requests to the host's API; of them those that only tell people what became of the change. */
  hostRequests: number;
  ofThemTelling: number;
  /** Git processes that speak to the origin. */
  gitCalls: number;
}

export function callsOf({ host, mode, calls }: Baseline): CallCount {
  const to = (place: string) => calls.filter((call) => call.to === place);
  const [cluster, api, git] = [to('cluster'), to('host'), to('git')];
  const ofThemTelling = api.filter(({ tells }) => tells).length;
  return {
    ...{ host, mode, clusterWrites: cluster.length, hostRequests: api.length, ofThemTelling, gitCalls: git.length },
  };
}

/** How often runs of one kind ended in one way. */
export interface Count {
  host: string;
  mode: string;
  fault: string;
  ending: string;
  runs: number;
}

export interface Report {
  runs: number;
  doubles: number;
  wrong: { host: string; mode: string; troubles: unknown; struck: string[]; wrong: string }[];
  counts: Count[];
  /** World seconds from the failure to the end, over all runs. */
  seconds: { median: number; longest: number };
}

export function reportOf(outcomes: readonly Outcome[]): Report {
  const counts = new Map<string, Count>();
  for (const { run, ending } of outcomes) {
    const { host, mode, fault } = run;
    const key = [host, mode, fault, ending].join('\n');
    const count = counts.get(key) ?? { host, mode, fault, ending, runs: 0 };
    counts.set(key, { ...count, runs: count.runs + 1 });
  }
  const seconds = outcomes.map((each) => each.seconds).sort((one, other) => one - other);
  return {
    runs: outcomes.length,
    doubles: outcomes.reduce((sum, each) => sum + each.doubles, 0),
    wrong: outcomes.flatMap(({ run, struck, wrong }) =>
      wrong === undefined ? [] : [{ host: run.host, mode: run.mode, troubles: run.troubles, struck, wrong }],
    ),
    counts: [...counts.keys()].sort().map((key) => counts.get(key) as Count),
    seconds: { median: seconds[Math.floor(seconds.length / 2)] ?? 0, longest: seconds.at(-1) ?? 0 },
  };
}

function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => String(cell).padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function callsText(counts: readonly CallCount[]): string {
  const head = ['host', 'mode', 'writes to the API server', 'requests to the host', 'of them telling', 'git calls'];
  const rows = counts.map((each) => [
    ...[each.host, each.mode, each.clusterWrites, each.hostRequests, each.ofThemTelling, each.gitCalls],
  ]);
  return table([head, ...rows]);
}

export function reportText({ runs, doubles, wrong, counts, seconds }: Report): string {
  const head = ['host', 'mode', 'fault', 'ending', 'runs'];
  const rows = counts.map((each) => [each.host, each.mode, each.fault, each.ending, each.runs]);
  const bad = wrong.map((each) => `WRONG ${JSON.stringify(each)}`);
  const sum = `${runs} runs, ${doubles} doubles, ${wrong.length} wrong; world seconds to the end: median ${seconds.median}, longest ${seconds.longest}`;
  return [table([head, ...rows]), ...bad, sum].join('\n');
}
