import { expect, it } from 'vitest';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { startGiteaDiscussion } from '../../../../test/conformance/gitea-in-process.ts';

conformsAsDiscussion('gitea', () => startGiteaDiscussion(), {
  parts: 'Gitea knows a pull request by the commit that its merge made last',
});

it('goes by the mark alone where Gitea does not say whose the token is', async () => {
  const { host, access, person, close, ...harness } = await startGiteaDiscussion(['write:repository', 'write:issue']);
  await harness.repository.commit({ author: 'Ann <a@e>', time: 0, message: 'first', files: { a: 'b' } });
  await harness.branch('topic');
  const { number } = await harness.propose({ from: 'topic', isOpen: true });
  const comment = { mark: 'headgate/revert/1', body: 'one' };
  for (const body of ['one', 'two']) await host.discussion?.comment(access, number, { ...comment, body });
  expect(await harness.said(number)).toEqual([{ author: harness.bot, body: '<!-- headgate/revert/1 -->\n\ntwo' }]);
  await close();
});
