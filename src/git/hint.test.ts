import { expect, it } from 'vitest';
import { concerns, placeOfRepository } from './hint.ts';

it('finds a repository under every way in which hosts and people write it', () => {
  const written = [
    'https://Git.Example/Team/Shop.git',
    'http://git.example:80/team/shop/',
    'https://someone@git.example/team/shop',
    'https://git.example/team/sh%6Fp',
  ];
  expect(new Set(written.map(placeOfRepository))).toEqual(new Set(['git.example/team/shop']));
  expect(placeOfRepository('https://git.example:8443/team/shop')).toBe('git.example:8443/team/shop');
  expect(placeOfRepository('file:///srv/git/Shop.git')).toBe('/srv/git/shop');
  expect(placeOfRepository('https://git.example/%E0%A4%A')).toBe('git.example/%e0%a4%a');
});

it('is about named branches of named repositories, and nothing else', () => {
  const hint = { repositories: ['https://git.example/team/shop.git'], branches: ['main'] };
  expect(concerns(hint, 'https://git.example/team/shop', 'main')).toBe(true);
  expect(concerns(hint, 'https://git.example/team/shop', 'Main')).toBe(false);
  expect(concerns(hint, 'https://git.example/team/shop2', 'main')).toBe(false);
  expect(concerns(hint, 'https://other.example/team/shop', 'main')).toBe(false);
});
