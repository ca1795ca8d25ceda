import { DURATION_HELP, durationSeconds } from '../../api/durations.ts';
import type { GitSource } from '../../api/index.ts';
import { waitingProblems } from '../../api/validate-source.ts';
import { Stalled } from '../../errors.ts';
import { type ChartOptions, isReleaseName } from '../../git/app.ts';
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
  helm: ChartOptions;
  /** Everything is applied in this one's name. */
  user: string;
  /** Of objects that name none. */
  namespace: string;
  intervalMilliseconds: number;
}

/** How a chart of this source is rendered, wherever it is read. */
export function helmOptionsOf({ metadata, spec }: Pick<GitSource, 'metadata' | 'spec'>): ChartOptions {
  const { releaseName = metadata.name, valueFiles = [] } = spec.helm ?? {};
  return { releaseName, valueFiles };
}

function checkHelm(source: GitSource): ChartOptions {
  const options = helmOptionsOf(source);
  const { helm } = source.spec;
  if (helm?.releaseName !== undefined && !isReleaseName(helm.releaseName)) {
    const shown = JSON.stringify(helm.releaseName.slice(0, 200));
    const message = `spec.helm.releaseName ${shown} is no name of a release: use up to 53 lower-case letters, digits, - and ., with a letter or digit at both ends`;
    throw new Stalled('InvalidSpec', message);
  }
  return options;
}

/** Throws `Stalled` that names the field, its value and what is allowed. */
export async function checkSpec(source: GitSource, locate: GitSourceOptions['locate']): Promise<Checked> {
  const { metadata, spec } = source;
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
  const [wrong] = waitingProblems(source);
  if (wrong) throw new Stalled('InvalidSpec', `${wrong.path}: ${wrong.message}`);
  return {
    location: await locate(repository.url),
    branch: checkBranch(repository.branch),
    path: checkPath(path),
    helm: checkHelm(source),
    user: `system:serviceaccount:${namespace}:${serviceAccountName}`,
    namespace,
    intervalMilliseconds: seconds * 1000,
  };
}
