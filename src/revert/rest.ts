import { harmless } from './message.ts';

/** Objects by what makes each the same in another commit (`apps/Deployment shop/web`), each as one text. */
export type Objects = ReadonlyMap<string, string>;

/** What an app that is made of a planned file holds: at the branch's head, and with the patch. */
export interface Sides {
  head: Objects;
  after: Objects;
}

/** The app whose change is taken out. */
export interface OwnSides extends Sides {
  /** Before the change; undefined where that cannot be told. */
  before: Objects | undefined;
  /** What is proved by its pod template, and not here: the Rollout, and the workload that it refers to. */
  workload: ReadonlySet<string>;
}

export interface OtherSides extends Sides {
  /** It is made of all that the app is made of, so that the app's objects are in it too. */
  holdsApp: boolean;
}

const MOST_NAMED = 5;

/** What is not as at the head. */
export function changedObjects({ head, after }: Sides): string[] {
  const names = new Set([...head.keys(), ...after.keys()]);
  return [...names].filter((name) => head.get(name) !== after.get(name)).sort();
}

/** What the patch makes of the app besides its workload, and what was there neither now nor before the change. */
export function ownChanges(own: OwnSides): string[] {
  const { after, before, workload } = own;
  return changedObjects(own).filter((name) => !workload.has(name) && (!before || after.get(name) !== before.get(name)));
}

/** What the patch changes of another app; the very objects of the app whose change is taken out are none of its own. */
export function otherChanges(other: OtherSides, own: Sides): string[] {
  const isOwn = (name: string) =>
    other.holdsApp && own.head.get(name) === other.head.get(name) && own.after.get(name) === other.after.get(name);
  return changedObjects(other).filter((name) => !isOwn(name));
}

/** For people: a few of the objects, and where. */
export function changesText(names: readonly string[], root: string): string {
  const shown = names.slice(0, MOST_NAMED).map((name) => harmless(name.replace(/^\/?/, ''), 160));
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return `${shown.join(', ')}${more} in ${harmless(root || '/', 160)}`;
}
