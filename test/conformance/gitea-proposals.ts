import type { GitHost } from '../../src/git/hosts/host.ts';
import { type GiteaStage, onStage } from './gitea.ts';
import type { MergeRule, ProposalsHarness } from './proposals.ts';

interface PullRequest {
  number: number;
  title: string;
  body: string;
  state: string;
  merged: boolean;
  head: { label: string; sha: string };
  base: { ref: string };
}

const CHECK = 'ci';
/** What the owner does on Gitea's pages with pull requests, beside one host. */
export async function onProposalsStage(stage: GiteaStage, host: GitHost): Promise<ProposalsHarness> {
  const { owner, path, proxy, access } = stage;
  const pulls = () => owner.call<PullRequest[]>('GET', `${path}/pulls?state=all&sort=oldest`);
  const rules: Record<MergeRule, object> = {
    atOnce: { enable_push_whitelist: true, push_whitelist_usernames: [owner.name] },
    later: { enable_status_check: true, status_check_contexts: [CHECK] },
    never: { enable_merge_whitelist: true, merge_whitelist_usernames: [owner.name] },
  };
  return {
    ...onStage(stage, host),
    seen: async () =>
      (await pulls()).map(({ number, title, body, state, merged, head, base }) => ({
        number,
        state: merged ? 'merged' : state === 'closed' ? 'closed' : 'open',
        title,
        body,
        from: head.label,
        into: base.ref,
      })),
    async comments(number) {
      const said = await owner.call<{ body: string }[]>('GET', `${path}/pulls/${number}/reviews`);
      return said.map(({ body }) => body);
    },
    async mergeByHand(number) {
      await stage.patiently(() => owner.call('POST', `${path}/pulls/${number}/merge`, { Do: 'merge' }));
    },
    closeByHand: (number) => owner.call('PATCH', `${path}/pulls/${number}`, { state: 'closed' }),
    deleteBranch: (branch) => owner.call('DELETE', `${path}/branches/${branch}`),
    setRule: (rule) =>
      owner.call('POST', `${path}/branch_protections`, { rule_name: 'main', enable_push: true, ...rules[rule] }),
    async fulfilRule() {
      for (const { head } of await pulls()) {
        await owner.call('POST', `${path}/statuses/${head.sha}`, { state: 'success', context: CHECK });
      }
    },
    colleagues: [owner.name, stage.reader.name, 'nobody-of-this-name'],
    async asked(number) {
      const found = await owner.call<{ requested_reviewers: { login: string }[] | null }>(
        'GET',
        `${path}/pulls/${number}`,
      );
      return (found.requested_reviewers ?? []).map(({ login }) => login);
    },
    async labels(number) {
      const found = await owner.call<{ name: string }[]>('GET', `${path}/issues/${number}/labels`);
      return found.map(({ name }) => name);
    },
    // To label is to write to issues, for which a token has a scope of its own.
    labeller: { ...access, token: await stage.writer.token('write:repository', 'write:issue') },
    loseAnswer(after = 0) {
      proxy.loseAnswerAfter = after;
    },
    limitRate() {
      proxy.limitRate = true;
    },
  };
}
