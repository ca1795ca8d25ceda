/** What may come of anything that a tenant writes. */
import { basename } from 'node:path';
import type { KubeObject } from '../../src/api/index.ts';
import { ALLOWED, HOST, holds, SHOP, TOKENS, type TokenPlace } from './fixtures.ts';
import type { GitUse, Recorded } from './world.ts';

const OWN = 'headgate/shop-host';
const PLACES = Object.keys(TOKENS) as TokenPlace[];
const API = [`${HOST}/api/v3/repos/team/shop`, `${HOST}/api/graphql`];
const ACCOUNT = /^system:serviceaccount:shop:[a-z0-9][-a-z0-9.]*$/;
/** Options are Headgate's own, and nothing that a tenant wrote. */
const OPTIONS =
  /^(-1|-r|-z|-w|-p|-m|--(atomic|batch|no-write-fetch-head|no-recurse-submodules|no-tags|no-auto-gc|quiet|bare|stdin|verify|full-tree|raw|numstat|no-renames|no-abbrev|write-tree|name-only|no-messages|index-info|missing-ok|is-ancestor|is-shallow-repository|first-parent|full-history|fixed-strings|symref|refs|porcelain|no-verify|dry-run)|--(template|initial-branch|format|filter|batch-check|max-count)=.*|--grep=[0-9a-f]{40,64}|--force-with-lease=.*)$/;

function optionsOf(args: readonly string[]): string[] {
  const end = args.findIndex((arg) => arg === '--end-of-options' || arg === '--');
  return args.slice(0, end < 0 ? args.length : end).filter((arg) => arg.startsWith('-'));
}

/** The folders and files that a call asks about, after what ends its options and the commit. */
function pathsOf([command, ...args]: readonly string[]): string[] {
  if (command === 'ls-tree') return args.slice(args.indexOf('--end-of-options') + 2);
  const start = args.indexOf('--');
  return start < 0 ? [] : args.slice(start + 1);
}

function isOfPolicy(path: string): boolean {
  const isOptOut = /^\.headgate\.ya?ml$/.test(basename(path));
  if (path.split('/').includes('..')) return false;
  return isOptOut || path === ALLOWED.path || path.startsWith(`${ALLOWED.path}/`);
}

function gitProblems({ origin, args, carried, config }: GitUse, own: readonly string[]): string[] {
  const wrong: string[] = [];
  const said = `git ${JSON.stringify(args)}`;
  const holding = PLACES.filter((place) => holds(carried, place));
  for (const option of optionsOf(args)) if (!OPTIONS.test(option)) wrong.push(`${said}: option ${option}`);
  for (const place of PLACES) if (holds(args.join('\0'), place)) wrong.push(`${said} holds ${place}`);
  for (const place of holding) {
    if (place !== OWN && place !== 'shop/own') wrong.push(`${said} carries ${place}`);
    const header = Object.keys(config).find((key) => holds(config[key] ?? '', place));
    if (origin !== '' && header !== `http.${origin}.extraHeader`) wrong.push(`${said}: ${header} for ${origin}`);
  }
  if (holding.includes('shop/own') && origin !== '' && !own.includes(origin))
    wrong.push(`${said}: the tenant's token for ${origin}`);
  if (!holding.includes(OWN)) return wrong;
  if (origin !== '' && origin !== ALLOWED.repository) wrong.push(`${said}: the policy's token for ${origin}`);
  const refspec = args[0] === 'fetch' && !args.includes('--stdin') ? args.at(-1) : undefined;
  if (refspec !== undefined && refspec !== '+refs/heads/main:refs/heads/main') wrong.push(`${said}: ${refspec}`);
  for (const path of pathsOf(args)) if (!isOfPolicy(path)) wrong.push(`${said}: path ${path}`);
  return wrong;
}

function sentProblems({ sent }: Recorded): string[] {
  return sent.flatMap(({ url, headers, body }) => {
    const places = PLACES.filter((place) => holds(JSON.stringify(headers), place));
    const shown = PLACES.filter((place) => holds(`${url} ${body}`, place));
    const at = new URL(url).href;
    const isAllowed = API.some((api) => at === api || at.startsWith(`${api}/`));
    return [
      ...shown.map((place) => `${url} shows ${place}`),
      ...places.filter((place) => place !== OWN).map((place) => `${url} is sent ${place}`),
      ...(isAllowed ? [] : [`${url} is asked`]),
    ];
  });
}

function secretProblems({ secrets }: Recorded): string[] {
  return secrets.flatMap(({ user, namespace, name }) => {
    const place = `Secret ${namespace}/${name} is read as ${user}`;
    if (user === 'headgate') return `${namespace}/${name}` === OWN ? [] : [place];
    return ACCOUNT.test(user) && namespace === SHOP ? [] : [place];
  });
}

function writtenProblems({ written }: Recorded): string[] {
  return written.flatMap(({ user, text, object }) => {
    const { namespace, metadata } = object as { namespace?: string } & Partial<KubeObject>;
    const where = namespace ?? metadata?.namespace ?? SHOP;
    return [
      ...(user === 'headgate' || ACCOUNT.test(user) ? [] : [`${text} is written as ${user}`]),
      ...(where === SHOP ? [] : [`${text} is written to ${where}`]),
    ];
  });
}

/** No Secret's text is anywhere that anybody can read. */
function shownProblems({ told, logged, written }: Recorded): string[] {
  const texts = [...told, ...logged, ...written.map(({ text }) => text)];
  return texts.flatMap((text) => PLACES.filter((place) => holds(text, place)).map((place) => `${place} in ${text}`));
}

/** What of a record's place is beyond the policy. */
function recordProblems({ written }: Recorded): string[] {
  return written.flatMap(({ object }) => {
    const { kind, spec } = object as KubeObject & { spec?: { repository: string; branch: string; path: string } };
    if (kind !== 'GitRevert' || !spec) return [];
    const isAllowed = spec.branch === ALLOWED.branch && isOfPolicy(spec.path);
    return isAllowed ? [] : [`a GitRevert speaks of ${spec.branch} ${spec.path}`];
  });
}

/** Everything that was done beyond what a policy, or the tenant's own account and Secret, allow. `own`: the tenant's own addresses. */
export function beyondPolicy(recorded: Recorded, own: readonly string[]): string[] {
  return [
    ...recorded.git.flatMap((use) => gitProblems(use, own)),
    ...sentProblems(recorded),
    ...secretProblems(recorded),
    ...writtenProblems(recorded),
    ...shownProblems(recorded),
    ...recordProblems(recorded),
  ];
}
