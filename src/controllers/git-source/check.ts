import { DURATION_HELP, durationSeconds } from '../../api/durations.ts';
import type { GitSource } from '../../api/index.ts';
import { Stalled } from '../../errors.ts';
import { checkBranch, checkPath, type RepositoryLocation } from '../../git/url.ts';
import type { GitSourceOptions } from './options.ts';

export const DEFAULT_INTERVAL_SECONDS = 60;
const SHORTEST_INTERVAL_SECONDS = 1;
const ACCOUNT_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** A GitSource's spec, found good. */
export interface Checked {
  location: RepositoryLocation;
  branch: string;
  path: string;
  /** Everything is applied in this one's name. */
  user: string;
  /** Of objects that name none. */
  namespace: string;
  intervalMilliseconds: number;
}

/** Throws `Stalled` that names the field, its value and what is allowed. */
export async function checkSpec({ metadata, spec }: GitSource, locate: GitSourceOptions['locate']): Promise<Checked> {
  const { repository, path = '', interval, serviceAccountName } = spec;
  const { namespace = 'default' } = metadata;
  if (!serviceAccountName || !ACCOUNT_NAME.test(serviceAccountName)) {
    const shown = JSON.stringify(serviceAccountName ?? '');
    const message = `spec.serviceAccountName ${shown} names no ServiceAccount. Everything is applied in the name of one of namespace ${namespace}; there is no default`;
    throw new Stalled('InvalidSpec', message);
  }
  const seconds = interval === undefined ? DEFAULT_INTERVAL_SECONDS : durationSeconds(interval);
  if (seconds === undefined || seconds < SHORTEST_INTERVAL_SECONDS) {
    const message = `spec.interval ${JSON.stringify(interval)} is not a duration of 1s or more; ${DURATION_HELP}`;
    throw new Stalled('InvalidSpec', message);
  }
  return {
    location: await locate(repository.url),
    branch: checkBranch(repository.branch),
    path: checkPath(path),
    user: `system:serviceaccount:${namespace}:${serviceAccountName}`,
    namespace,
    intervalMilliseconds: seconds * 1000,
  };
}
