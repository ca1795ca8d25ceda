/** Labels of pull requests: the tags that work items of the project have, too. */
import type { Answer, Call } from '../world.ts';
import { invalid, ok } from './call.ts';
import type { AzurePull } from './pulls.ts';

const LABEL_CHARACTERS = 400;

/** Who may read may label; a tag that the project does not have yet is made. */
export function addLabel(pull: AzurePull, { body }: Pick<Call, 'body'>): Answer {
  const { name = '' } = body as { name?: string };
  if (name.trim() === '' || name.length > LABEL_CHARACTERS || /[,;]/.test(name)) return invalid('label.Name');
  if (!pull.labels.includes(name)) pull.labels.push(name);
  return ok({ id: `label-${pull.labels.indexOf(name)}`, name, active: true });
}
