import type { GitHost } from '../../src/git/hosts/host.ts';
import type { DiscussionHarness } from './discussion.ts';
import type { GiteaStage } from './gitea.ts';

interface Shown {
  body: string;
  user: { login: string };
}

/** What people do with a change on a real Gitea, beside one host: the owner talks, the others look at what is asked of them. */
export async function onDiscussionStage(stage: GiteaStage, host: GitHost): Promise<DiscussionHarness> {
  const { owner, path, proxy, writer, reader, access } = stage;
  const friends = await Promise.all(
    [reader, writer].map(async ({ name, token }) => {
      const call = stage.callAs(await token('write:repository', 'write:issue'));
      return { name, call };
    }),
  );
  const speaking = { ...access, token: await writer.token('write:repository', 'write:issue', 'read:user') };
  return {
    host,
    repository: stage.repository,
    access: speaking,
    missing: { ...speaking, url: stage.missing.url },
    silent: [access],
    person: owner.name,
    bot: writer.name,
    others: friends.map(({ name }) => name),
    longest: 65_536,
    ...(stage.move && { move: stage.move }),
    close: stage.close,
    async branch(name) {
      await owner.call('POST', `${path}/branches`, { new_branch_name: name, old_ref_name: 'main' });
    },
    async propose({ from, into = 'main', title = 'x', asked = [], approved = [], isOpen }) {
      const { number } = await owner.call<{ number: number }>('POST', `${path}/pulls`, {
        head: from,
        base: into,
        title,
      });
      const others = asked.filter((name) => name !== owner.name);
      if (others.length > 0) {
        await owner.call('POST', `${path}/pulls/${number}/requested_reviewers`, { reviewers: others });
      }
      for (const { name, call } of friends.filter((each) => approved.includes(each.name))) {
        await call('POST', `${path}/pulls/${number}/reviews`, { event: 'APPROVED', body: `by ${name}` });
      }
      if (!isOpen) await stage.patiently(() => owner.call('POST', `${path}/pulls/${number}/merge`, { Do: 'merge' }));
      return { number, commit: String(await stage.repository.head(into)) };
    },
    async said(number) {
      const found = await owner.call<Shown[]>('GET', `${path}/issues/${number}/comments`);
      return found.map(({ body, user }) => ({ author: user.login, body }));
    },
    sayByHand: (number, body) => owner.call('POST', `${path}/issues/${number}/comments`, { body }),
    loseAnswer() {
      proxy.loseAnswerAfter = 0;
    },
    limitRate() {
      proxy.limitRate = true;
    },
  };
}
