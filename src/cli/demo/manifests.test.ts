import { expect, it } from 'vitest';
import { nextImage } from './manifests.ts';

it('makes an image that is one, also from a pinned digest or a registry with a port', () => {
  expect(nextImage(`ghcr.io/pets/feeder:v2.9-rc1@sha256:${'a'.repeat(64)}`)).toMatch(
    /^ghcr\.io\/pets\/feeder:[\w.-]+(@sha256:[0-9a-f]{64})?$/,
  );
  expect(nextImage('localhost:5000/shop')).toBe('localhost:5000/shop:v1-next');
  expect(nextImage('nginx:1.25')).not.toBe('nginx:1.25');
});
