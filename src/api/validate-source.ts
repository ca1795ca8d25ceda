/** The rules of what a GitSource waits for: its windows, and the sources that it depends on. */
import { type GitSource, type SyncWindow, weekdays } from './git-source.ts';
import { duplicates, listed, type Problem, problem, setFields, show } from './problems.ts';
import { isTimeZone, minutesOfDay, TIME_OF_DAY_HELP } from './times.ts';

const WEEKLY = ['days', 'start', 'end', 'timeZone'] as const;

function onceProblems(path: string, window: SyncWindow): Problem[] {
  const { from, to } = window;
  const others = setFields(window, WEEKLY);
  if (others.length > 0) {
    const message = `${listed(others)} cannot stand beside from and to: a window is there once (from, to) or weekly (days, start, end, timeZone). Make two of it`;
    return [problem(path, message)];
  }
  if (from === undefined || to === undefined) {
    const missing = from === undefined ? 'from' : 'to';
    return [problem(`${path}.${missing}`, `${missing} is required where the other of from and to is given: add it`)];
  }
  const wrong = Object.entries({ from, to }).filter(([, text]) => Number.isNaN(Date.parse(text)));
  if (wrong.length > 0) {
    return wrong.map(([name, text]) =>
      problem(`${path}.${name}`, `${show(text)} is no instant: use one such as 2026-12-24T00:00:00Z`),
    );
  }
  if (Date.parse(from) < Date.parse(to)) return [];
  return [problem(`${path}.to`, `${show(to)} is not after from, which is ${show(from)}: exchange them or correct one`)];
}

function weeklyProblems(path: string, { days, start, end, timeZone }: SyncWindow): Problem[] {
  const times = Object.entries({ start, end }).flatMap(([name, text]) => {
    if (text === undefined)
      return [problem(`${path}.${name}`, `${name} is required in a window without from and to: ${TIME_OF_DAY_HELP}`)];
    if (minutesOfDay(text) !== undefined && !(name === 'start' && text === '24:00')) return [];
    return [problem(`${path}.${name}`, `${show(text)} is no time of day: ${TIME_OF_DAY_HELP}`)];
  });
  if (days?.length === 0)
    times.push(problem(`${path}.days`, 'names no day: name at least one, or leave days out for every day'));
  const unknown = (days ?? []).flatMap((day, index) =>
    weekdays.includes(day)
      ? []
      : [problem(`${path}.days[${index}]`, `${show(day)} is no day: use ${listed(weekdays, 'or')}`)],
  );
  const zone =
    timeZone === undefined || isTimeZone(timeZone)
      ? []
      : [problem(`${path}.timeZone`, `${show(timeZone)} is no time zone: use a name such as Europe/Zurich, or UTC`)];
  return [...times, ...unknown, ...zone];
}

function windowProblems(window: SyncWindow, index: number): Problem[] {
  const path = `spec.windows[${index}]`;
  const isOnce = window.from !== undefined || window.to !== undefined;
  return isOnce ? onceProblems(path, window) : weeklyProblems(path, window);
}

function dependencyProblems(names: readonly string[], own: string): Problem[] {
  const pathOf = (index: number) => `spec.dependsOn[${index}]`;
  const wrong = names.flatMap((name, index) => {
    if (name === own) return [problem(pathOf(index), `${show(name)} is this GitSource itself: remove it`)];
    if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) return [];
    return [problem(pathOf(index), `${show(name)} is no name of a GitSource: name one of the same namespace`)];
  });
  return [...wrong, ...duplicates(names, pathOf, 'dependency')];
}

/** What is wrong with the windows and the dependencies of a source. */
export function waitingProblems({ metadata, spec }: Pick<GitSource, 'metadata' | 'spec'>): Problem[] {
  const { windows = [], dependsOn = [] } = spec;
  return [...windows.flatMap(windowProblems), ...dependencyProblems(dependsOn, metadata.name)];
}
