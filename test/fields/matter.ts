/** Tests of single fields: each shows that the outcome is another one as soon as the field is not looked at. */
import { expect, it } from 'vitest';
import type { Rollout } from '../../src/api/index.ts';
import { settle } from '../transcripts/passes.ts';
import { createWorld, user, type World } from '../transcripts/world.ts';

type Options = Parameters<typeof createWorld>[0];

export interface FieldCase {
  /** From the Rollout's root; `[]` means each item of a list. */
  field: string;
  /** What is special about this case, where a field has several. */
  when?: string;
  given: Options;
  /** Plays a story on a new world, and tells what came of it. */
  play: (world: World) => unknown;
  told: unknown;
}

/** A new template, a minute later. */
export function update(world: World, version: string): void {
  world.now += 60_000;
  user.template(world, version);
  settle(world);
}

/** A first revision, v1, and an update to v2. */
export function install(world: World): World {
  settle(world);
  update(world, 'v2');
  return world;
}

/** The pods that are asked for, by version. */
export function pods(world: World): Record<string, number | undefined> {
  const version = (image: string | undefined) => image?.split(':').at(-1) ?? '';
  return Object.fromEntries(
    world.replicaSets.map(({ spec }) => [version(spec.template?.spec?.containers?.[0]?.image), spec.replicas]),
  );
}

/** Takes a field away, as if nobody had written it. */
function ignore(value: unknown, [name = '', ...rest]: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  const fields = value as Record<string, unknown>;
  const key = name.replace('[]', '');
  if (rest.length === 0) delete fields[key];
  else for (const each of name.endsWith('[]') ? (fields[key] as unknown[]) : [fields[key]]) ignore(each, rest);
}

function played({ given, play }: FieldCase, change: (rollout: Rollout) => void = () => undefined): unknown {
  const world = createWorld(structuredClone(given));
  change(world.rollout);
  return play(world);
}

/** Each field comes to what is told, and to something else where it is ignored. */
export function matters(cases: FieldCase[]): void {
  it.each(cases.map((each) => [`${each.field}${each.when ? ` ${each.when}` : ''}`, each] as const))('%s', (_, each) => {
    expect(played(each)).toEqual(each.told);
    expect(played(each, (rollout) => ignore(rollout, each.field.split('.')))).not.toEqual(each.told);
  });
}
