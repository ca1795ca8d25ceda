import type { KubeObject, Rollout } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import type { Explanation } from '../rollout/index.ts';
import { humanDuration } from './age.ts';
import { type Drawing, field, plain } from './text.ts';

interface Explained {
  rollout: Rollout;
  why: Explanation;
  program: string;
}

/** What a Rollout waits for, since when, what comes next, and what a person can do: what there is nothing to say of is left out. */
export function explanationLines({ rollout, why, program }: Explained, { now, width }: Drawing): string[] {
  const show = (label: string, value: string) => (value === '' ? [] : field(label, plain(value), width));
  const { since, until } = why;
  return [
    ...show('Why:', why.waitsFor),
    ...(since === undefined ? [] : show('Since:', `${timestamp(since)} (${humanDuration(now - since)} ago)`)),
    ...(until === undefined ? [] : show('Until:', `${timestamp(until)} (in ${humanDuration(until - now)})`)),
    ...show('Next:', why.next),
    ...why.besides.flatMap((sentence, index) => show(index === 0 ? 'Besides:' : '', sentence)),
    ...why.canDo.flatMap((choice, index) => show(index === 0 ? 'You can:' : '', told(choice, rollout, program))),
  ];
}

/** As it can be copied into a shell, the comment with it: names of objects need no quotes there. */
export function told(
  { command, does }: { command?: string; does: string },
  { metadata }: KubeObject,
  program: string,
): string {
  if (command === undefined) return does;
  const namespace = metadata.namespace === undefined ? '' : ` -n ${metadata.namespace}`;
  return `${program} ${command} ${metadata.name}${namespace} # ${does}`;
}
