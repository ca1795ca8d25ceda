import type { Behaviour } from './exposition.ts';

/**
 * What an image's tag says about its pods: `errors-5` fails one request in twenty, `latency-300` has a median of 300 ms
 * (else 20), and any tag that holds `bad` fails three requests in five. Further words go before, after and between.
 */
export function behaviourOf(image: string): Behaviour {
  const [, percent = image.includes('bad') ? '60' : '0'] = /errors-(\d+(?:\.\d+)?)/.exec(image) ?? [];
  const [, latency = '20'] = /latency-(\d+)/.exec(image) ?? [];
  return { errorRate: Math.min(1, Number(percent) / 100), latencyMilliseconds: Number(latency) };
}
