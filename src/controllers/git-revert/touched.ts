import { type HelmOptions, inputsOf } from '../../git/app.ts';
import type { Clone } from '../../git/clone.ts';
import { difference, isWithin } from '../../git/inverse.ts';

/** A folder, and what it takes to know which files beside it are rendered with it. */
export interface App {
  path: string;
  namespace: string;
  helm: HelmOptions | undefined;
}

/** The files outside of the app's folder that a commit changed and the app was made of, before the commit or with it. */
export async function touchedOutside(clone: Clone, id: string, { path, ...how }: App): Promise<string[]> {
  const parent = (await clone.commit(id))?.parents[0];
  if (path === '' || parent === undefined) return [];
  const changes = await difference(clone, parent, id, '');
  const away = changes.map((change) => change.path).filter((file) => !isWithin(file, path));
  if (away.length === 0) return [];
  const inputs = [
    ...(await inputsOf(clone, { ...how, path, tree: parent })),
    ...(await inputsOf(clone, { ...how, path, tree: id })),
  ];
  return away.filter((file) => isWithin(file, inputs));
}

/** Whether a commit has changed what the app is made of, before it or with it. */
export async function touchesApp(clone: Clone, id: string, app: App): Promise<boolean> {
  const parent = (await clone.commit(id))?.parents[0];
  if (parent === undefined) return false;
  const inside = await difference(clone, parent, id, app.path);
  return inside.length > 0 || (await touchedOutside(clone, id, app)).length > 0;
}
