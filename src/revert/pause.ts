import { harmless } from './message.ts';

/** In the controller's own namespace: an administrator's word on all reverts at once. */
export const SWITCH_CONFIG_MAP = 'headgate';

/**
 * Why a ConfigMap has nothing written to Git; undefined where it does not. A word that is not known pauses: whoever wrote it
 * meant something by it.
 */
export function pausedBy(data: Readonly<Record<string, unknown>> | undefined, namespace: string): string | undefined {
  const { reverts, reason } = data ?? {};
  if (reverts === undefined || reverts === 'running') return undefined;
  const place = `ConfigMap ${SWITCH_CONFIG_MAP} in namespace ${namespace}`;
  const end = 'Nothing is written to Git, and nothing is lost; to go on, set it to "running" or remove it';
  if (reverts === 'paused') {
    const why = typeof reason === 'string' && reason !== '' ? ` (${harmless(reason, 200)})` : '';
    return `an administrator paused all reverts${why}: ${place} says reverts: "paused". ${end}`;
  }
  const word = harmless(JSON.stringify(reverts) ?? '', 60);
  return `${place} says reverts: ${word}, which is not known and counts as "paused"; known are "paused" and "running". ${end}`;
}
