import type { Pod } from '../../api/kubernetes.ts';

/** How a container that ends by itself does so. */
export interface Exit {
  code: number;
  /** Milliseconds. */
  after: number;
}

/** What a pod that runs to completion does: `sleep N` and `exit M` are looked for in its command. */
export function exitOf(pod: Pod): Exit | undefined {
  if (pod.spec.restartPolicy !== 'Never' && pod.spec.restartPolicy !== 'OnFailure') return undefined;
  const [container] = pod.spec.containers;
  const words = [container?.command, container?.args].flat().filter((word) => typeof word === 'string');
  const text = words.join(' ');
  const [, seconds = '0'] = /\bsleep\s+(\d+(?:\.\d+)?)/.exec(text) ?? [];
  const [, code] = /\bexit\s+(\d+)/.exec(text) ?? [];
  return { after: Number(seconds) * 1000, code: Number(code ?? (/(?:^|[\s/])false$/.test(text) ? 1 : 0)) };
}

export function isTriedAgain({ spec: { restartPolicy = 'Always' } }: Pod, { code }: Exit): boolean {
  return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && code !== 0);
}
