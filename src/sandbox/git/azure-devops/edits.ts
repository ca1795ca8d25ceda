/** What can be done to one pull request. */

import type { Answer } from '../world.ts';
import { invalid, needsPermission, refusal } from './call.ts';
import type { AzurePull, AzureRules, CompletionOptions, Strategy } from './pulls.ts';

export interface Edit {
  status?: 'completed' | 'abandoned';
  lastMergeSourceCommit?: { commitId?: string };
  completionOptions?: CompletionOptions;
  autoCompleteSetBy?: { id: string };
}

const OPTIONS_CHARACTERS = 4000;
const NOBODY = /^[0-]*$/;

function isAllowed({ strategies }: AzureRules, strategy: Strategy = 'noFastForward'): boolean {
  return strategies === undefined || strategies.includes(strategy);
}

/** Asks for it to be merged in the background. Undefined where that is done. */
function complete(pull: AzurePull, rules: AzureRules, edit: Edit): Answer | undefined {
  const { lastMergeSourceCommit, completionOptions = {} } = edit;
  const seen = lastMergeSourceCommit?.commitId;
  if (seen?.length !== 40) return invalid('You must specify a valid LastMergeSourceCommit to perform this operation.');
  if (seen !== pull.source) {
    const message = 'TF401192: The source branch has been modified since the last merge attempt.';
    return refusal(409, 'GitPullRequestStaleException', message);
  }
  if (rules.missing || !isAllowed(rules, completionOptions.mergeStrategy)) {
    const message = 'TF402454: The pull request cannot be completed: a required policy is not satisfied.';
    return refusal(403, 'GitPullRequestUpdateRejectedByPolicyException', message);
  }
  pull.completing = completionOptions;
  return undefined;
}

function setAutoComplete(pull: AzurePull, by: string, { autoCompleteSetBy, completionOptions: options = {} }: Edit) {
  const id = autoCompleteSetBy?.id ?? '';
  if (NOBODY.test(id)) pull.autoComplete = undefined;
  else if (id === by) pull.autoComplete = { by, options };
  else return invalid('The auto-complete identity is not the one that makes the request');
  return undefined;
}

/** Changes it; the refusal where it stays as it is. */
export function edit(pull: AzurePull, rules: AzureRules, by: { login: string; write: boolean }, asked: Edit) {
  if (!by.write) return needsPermission(by.login, 'PullRequestContribute');
  const notEditable = 'TF401181: The pull request cannot be edited due to its state.';
  if (pull.status !== 'active') return refusal(400, 'GitPullRequestNotEditableException', notEditable);
  if (asked.lastMergeSourceCommit && asked.status !== 'completed')
    return invalid('The pull request to update was not valid');
  if (JSON.stringify(asked.completionOptions ?? {}).length > OPTIONS_CHARACTERS) return invalid('completionOptions');
  if (asked.status === 'completed') return complete(pull, rules, asked);
  if (asked.autoCompleteSetBy) return setAutoComplete(pull, by.login, asked);
  if (asked.status === 'abandoned') pull.status = 'abandoned';
  return undefined;
}
