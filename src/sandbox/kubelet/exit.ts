import type { Pod } from '../../api/kubernetes.ts';

/** How a container that ends by itself does so. */
export interface Exit {
  code: number;
  /** Milliseconds. */
  after: number;
}

/**
 * How a pod that does not stay up ends: `sleep N` and `exit M` are looked for in its command. One that is to be restarted
 * always is taken to stay, unless its command says `exit`.
 */
export function exitOf(pod: Pod): Exit | undefined {
  const [container] = pod.spec.containers;
  const words = [container?.command, container?.args].flat().filter((word) => typeof word === 'string');
  const text = words.join(' ');
  const [, seconds = '0'] = /\bsleep\s+(\d+(?:\.\d+)?)/.exec(text) ?? [];
  const [, code] = /\bexit\s+(\d+)/.exec(text) ?? [];
  const { restartPolicy } = pod.spec;
  if (code === undefined && restartPolicy !== 'Never' && restartPolicy !== 'OnFailure') return undefined;
  return { after: Number(seconds) * 1000, code: Number(code ?? (/(?:^|[\s/])false$/.test(text) ? 1 : 0)) };
}

export function isTriedAgain({ spec: { restartPolicy = 'Always' } }: Pod, { code }: Exit): boolean {
  return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && code !== 0);
}
