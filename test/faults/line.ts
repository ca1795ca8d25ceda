import { AsyncLocalStorage } from 'node:async_hooks';
import type { GitHost } from '../../src/git/hosts/host.ts';
import type { SendRequest } from '../../src/git/hosts/http.ts';
import { type Git, GitError } from '../../src/git/process.ts';
import { ApiError, type KubeClient } from '../../src/kube/client.ts';
import type { Between } from '../git/loop.ts';
import type { ServedHost } from '../git/served.ts';
import { answerOf, errorsOf, gitFailure, type HostError, isWrite } from './answers.ts';

/** One call of a controller that leaves its process. */
export interface Call {
  /** A write to the API server, a request to the host's API, or a git process that speaks to the origin. */
  to: 'cluster' | 'host' | 'git';
  /** `PATCH gitreverts`, `POST /graphql`, `git push`. */
  what: string;
  /** It tells people what became of a change: nothing of the revert hangs on it. */
  tells: boolean;
  /** In which ways it can go wrong. */
  errors: readonly HostError[];
}

export type Blow = 'diesBefore' | 'diesAfter' | HostError;

/** What goes wrong from the call with that number on, counted from 1, in the first `times` calls to which it can happen. */
export interface Trouble {
  at: number;
  blow: Blow;
  times: number;
  /** Only calls whose name holds this. */
  what?: string;
}

/** All that leaves one controller goes through here, and is counted once the line is open. */
export interface Line {
  calls: Call[];
  /** What went wrong, in order. */
  struck: { blow: Blow; call: Call }[];
  between: Between;
  /** Marks what only tells people. */
  wrap(host: GitHost): GitHost;
  open(): void;
  /** From the blow on, nothing of the process gets out any more. */
  isDead(): boolean;
  /** For the next process. */
  revive(): void;
}

class ProcessIsDead extends Error {}

const CLUSTER_ERRORS: readonly HostError[] = ['stale', 'rateLimited', 'broken', 'cutBefore', 'cutAfter'];
const CLUSTER_CODES: Partial<Record<HostError, [number, string]>> = {
  stale: [409, 'Conflict'],
  rateLimited: [429, 'TooManyRequests'],
  broken: [500, 'InternalError'],
};

function clusterError(error: HostError): Error {
  const [code, reason] = CLUSTER_CODES[error] ?? [];
  if (code === undefined || reason === undefined) return new Error('socket hang up');
  return new ApiError(code, reason, `the API server answered ${code}`);
}

/** The way out, when that much goes wrong. */
function createGate(troubles: readonly Trouble[]) {
  const left = troubles.map((trouble) => ({ ...trouble }));
  const calls: Call[] = [];
  const struck: Line['struck'] = [];
  let [isOpen, isDead] = [false, false];

  const blowAt = (number: number, call: Call): Blow | undefined => {
    const can = ({ blow }: Trouble) => blow === 'diesBefore' || blow === 'diesAfter' || call.errors.includes(blow);
    const isMeant = ({ what = '' }: Trouble) => call.what.includes(what);
    const trouble = left.find((each) => each.times > 0 && each.at <= number && can(each) && isMeant(each));
    if (!trouble) return undefined;
    trouble.times--;
    struck.push({ blow: trouble.blow, call });
    return trouble.blow;
  };
  /** Lets the call through, or not; `fail` makes of an error what the caller is told. */
  const pass = async <T>(call: Call, go: () => Promise<T>, fail: (error: HostError) => T): Promise<T> => {
    if (isDead) throw new ProcessIsDead();
    if (!isOpen) return go();
    const blow = blowAt(calls.push(call), call);
    if (blow === 'diesBefore') {
      isDead = true;
      throw new ProcessIsDead();
    }
    if (blow !== undefined && blow !== 'diesAfter' && blow !== 'cutAfter') return fail(blow);
    const result = await go();
    if (blow === 'diesAfter') isDead = true;
    if (isDead) throw new ProcessIsDead();
    return blow === undefined ? result : fail('cutAfter');
  };
  return {
    calls,
    struck,
    pass,
    open() {
      isOpen = true;
    },
    isDead: () => isDead,
    revive() {
      isDead = false;
    },
  };
}

const ORIGIN = new Set(['fetch', 'ls-remote', 'push']);

export function createLine(host: ServedHost | 'git', troubles: readonly Trouble[]): Line {
  const gate = createGate(troubles);
  const telling = new AsyncLocalStorage<true>();
  const call = (to: Call['to'], what: string, errors: readonly HostError[]): Call => ({
    to,
    what,
    tells: telling.getStore() === true,
    errors,
  });
  const client = (inner: KubeClient): KubeClient => {
    const write = <T>(verb: string, plural: string, go: () => Promise<T>) =>
      gate.pass(call('cluster', `${verb} ${plural}`, CLUSTER_ERRORS), go, (error) => {
        throw clusterError(error);
      });
    return {
      ...inner,
      create: (kind, ...more) => write('create', kind.plural, () => inner.create(kind, ...more)),
      update: (kind, ...more) => write('update', kind.plural, () => inner.update(kind, ...more)),
      apply: (kind, ...more) => write('apply', kind.plural, () => inner.apply(kind, ...more)),
      patch: (kind, ...more) => write('patch', kind.plural, () => inner.patch(kind, ...more)),
      delete: (kind, ...more) => write('delete', kind.plural, () => inner.delete(kind, ...more)),
      as: (user) => client(inner.as(user)),
    };
  };
  const send =
    (inner: SendRequest): SendRequest =>
    (request) => {
      const what = `${request.method} ${URL.parse(request.url)?.pathname.replace(/\b[0-9a-f]{40}\b/g, '<id>')}`;
      return gate.pass(
        call('host', what, errorsOf(isWrite(request))),
        () => inner(request),
        (error) => {
          if (host === 'git' || error === 'cutBefore' || error === 'cutAfter') throw new Error('socket hang up');
          return answerOf(host, error, request);
        },
      );
    };
  const git = (inner: Git): Git => {
    const run: Git['run'] = (args, options) => {
      const name = args[0] ?? '';
      if (!ORIGIN.has(name)) return inner.run(args, options);
      return gate.pass(
        call('git', `git ${name}`, errorsOf(name === 'push')),
        () => inner.run(args, options),
        gitFailure,
      );
    };
    return {
      run,
      async text(args, options) {
        if (!ORIGIN.has(args[0] ?? '')) return inner.text(args, options);
        const { code, stdout, stderr } = await run(args, options);
        if (code !== 0) throw new GitError(`git ${args[0]} failed (${code}): ${stderr}`, { code, stderr });
        return stdout.toString('utf8');
      },
    };
  };
  return {
    ...gate,
    between: { client, git, send },
    wrap(inner) {
      const { discussion } = inner;
      return {
        ...inner,
        ...(discussion && {
          discussion: {
            report: (...args) => telling.run(true, () => discussion.report(...args)),
            pullRequestOf: (...args) => telling.run(true, () => discussion.pullRequestOf(...args)),
            comment: (...args) => telling.run(true, () => discussion.comment(...args)),
          },
        }),
      };
    },
  };
}
