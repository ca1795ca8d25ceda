import { expect, it } from 'vitest';
import { conformsAsDiscussion } from '../../../../test/conformance/discussion.ts';
import { send } from '../../../../test/conformance/git-hosts.ts';
import { startGiteaDiscussion } from '../../../../test/conformance/gitea-in-process.ts';
import { startRecordedAnswers } from '../../../../test/conformance/recorded-answers.ts';
import { createGiteaHost } from './index.ts';

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

it('finds the comment that Forgejo has written and answered 500 to', async () => {
  const server = await startRecordedAnswers();
  const access = { url: `${server.url}/rig/app`, token: 't' };
  const comments = '/api/v1/repos/rig/app/issues/7/comments';
  const written = { id: 1, body: '<!-- m -->\n\none', html_url: 'https://git.example.com/c', user: { login: 'bot' } };
  Object.assign(server.replies, {
    'GET /api/v1/user': { status: 200, body: { login: 'bot' } },
    [`GET ${comments}`]: [
      { status: 200, body: [] },
      { status: 200, body: [written] },
    ],
    [`POST ${comments}`]: { status: 500, body: '<!DOCTYPE html><title>Internal server error</title>' },
  });
  const { discussion } = createGiteaHost({ send });
  const say = () => discussion?.comment(access, 7, { mark: 'm', body: 'one' });
  expect(await say()).toMatchObject({ kind: 'unknown' });
  expect(await say()).toEqual({ kind: 'commented', url: 'https://git.example.com/c' });
  expect(server.asked.filter(({ call }) => call.startsWith('POST'))).toHaveLength(1);
  server.close();
});
