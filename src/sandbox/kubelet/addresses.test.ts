import { expect, it } from 'vitest';
import { createAddresses } from './addresses.ts';

it('hands out no address that is in use, comes back to free ones last, and says when there is none', () => {
  const addresses = createAddresses({ first: '10.88.0.253', last: '10.88.1.2' });
  addresses.claim('10.88.0.254');
  expect([addresses.take(), addresses.take()]).toEqual(['10.88.0.253', '10.88.1.1']);
  addresses.free('10.88.0.253');
  expect([addresses.take(), addresses.take()]).toEqual(['10.88.1.2', '10.88.0.253']);
  expect(() => addresses.take()).toThrow('every address from 10.88.0.253 to 10.88.1.2 is in use');
});
