import { GIT_SOURCE } from '../../api/annotations.ts';
import { Stalled } from '../../errors.ts';
import { fromMark as applicationMark } from './argocd.ts';
import { markOf as fluxMark, HELM, KUSTOMIZE } from './flux.ts';
import { annotationsOf, isName } from './lookup.ts';

function named(kind: string, mark: { namespace: string; name: string } | undefined): string | undefined {
  return mark && isName(mark.namespace) && isName(mark.name) ? `${kind} ${mark.namespace}/${mark.name}` : undefined;
}

function applicationOf(object: unknown, home: string): string | undefined {
  try {
    return named('Application', applicationMark(object, home));
  } catch (error) {
    if (error instanceof Stalled) return undefined;
    throw error;
  }
}

function helmRelease(object: unknown): string | undefined {
  const { 'meta.helm.sh/release-name': name = '', 'meta.helm.sh/release-namespace': namespace = '' } =
    annotationsOf(object);
  return named('Helm release', { namespace, name });
}

function gitSource(object: unknown): string | undefined {
  const [kind, namespace = '', name = ''] = (annotationsOf(object)[GIT_SOURCE] ?? '').split('/');
  return kind === 'GitSource' ? named(kind, { namespace, name }) : undefined;
}

/**
 * On whose behalf a field manager writes an object, as in `Application argocd/web`, by the tool's own marks on the object. Only
 * told of managers that are known: marks of one tool say nothing of another's writes. `home`: Argo CD's namespace.
 */
export function applierOf(object: unknown, manager: string, home: string): string | undefined {
  switch (manager) {
    case 'argocd-controller':
    case 'argocd-application-controller':
      return applicationOf(object, home);
    case 'kustomize-controller':
      return named('Kustomization', fluxMark(object, KUSTOMIZE));
    case 'helm-controller':
      return named('HelmRelease', fluxMark(object, HELM));
    case 'helm':
      return helmRelease(object);
    case 'headgate-gitsource':
      return gitSource(object);
    default:
      return undefined;
  }
}
