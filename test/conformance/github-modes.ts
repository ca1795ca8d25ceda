/** GitHub's host where every commit holds an executable file, so that all of them are written by Git's own objects. */
import type { CommitRequest, FileChange } from '../../src/git/hosts/host.ts';
import type { HostHarness } from './git-host.ts';
import { type HostedWorld, hostedStage } from './git-hosts.ts';
import type { ProposalsHarness } from './proposals.ts';

/** What the head of the conformance suite holds already. */
const EXECUTABLE: FileChange = { path: 'app/run.sh', content: Buffer.from('#!/bin/sh\n'), mode: '100755' };
/** Of a commit that changes one more file: two contents, a folder and the commit; then the branch moves. */
export const WRITES_BEFORE_THE_MOVE = 4;

function withExecutable<T extends CommitRequest>(request: T): T {
  const isThere = request.changes.some(({ path }) => path === EXECUTABLE.path);
  return isThere ? request : { ...request, changes: [...request.changes, EXECUTABLE] };
}

/** What is lost or comes in between does so where the branch moves. */
export function withModes<T extends HostHarness>(harness: T, hosted: HostedWorld): T {
  const { host } = harness;
  const { world } = hosted;
  return {
    ...harness,
    host: { ...host, commit: (access, request) => host.commit(access, withExecutable(request)) },
    loseAnswer: () => hostedStage(hosted).loseAnswer(WRITES_BEFORE_THE_MOVE),
    beforeWrite(intrude) {
      let left = WRITES_BEFORE_THE_MOVE;
      world.beforeWrite = async () => {
        if (left-- > 0) return;
        delete world.beforeWrite;
        await intrude();
      };
    },
  } satisfies HostHarness as T;
}

export function proposalsWithModes(harness: ProposalsHarness): ProposalsHarness {
  const { proposals } = harness.host;
  if (!proposals) throw new Error('GitHub knows proposals');
  const open: typeof proposals.open = (access, request) => proposals.open(access, withExecutable(request));
  return { ...harness, host: { ...harness.host, proposals: { ...proposals, open } } };
}
