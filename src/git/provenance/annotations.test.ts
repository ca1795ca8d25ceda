import { expect, it } from 'vitest';
import { provenanceOf } from './annotations.ts';

const commit = 'a'.repeat(40);
const annotations = {
  'headgate.dev/git-repository': 'https://h/r',
  'headgate.dev/git-branch': 'main',
  'headgate.dev/git-commit': commit,
};

it('is read from annotations; without a GitSource it counts as written by hand', () => {
  const base = { repository: 'https://h/r', branch: 'main', path: '', commit };
  const byHand = 'headgate.dev/git-commit and its neighbours, written by hand, name commit aaaaaaa';
  expect(provenanceOf(annotations)).toEqual({
    known: true,
    provenance: { ...base, learnt: 'annotations', evidence: byHand },
  });
  const stamped = { ...annotations, 'headgate.dev/git-path': 'apps', 'headgate.dev/git-source': 'GitSource/shop/web' };
  const source = { namespace: 'shop', name: 'web' };
  expect(provenanceOf(stamped)).toEqual({
    known: true,
    provenance: {
      ...{ ...base, path: 'apps', learnt: 'GitSource', source },
      evidence: 'GitSource shop/web applied commit aaaaaaa',
    },
  });
  expect(provenanceOf({ ...annotations, 'headgate.dev/git-source': 'me' })).toMatchObject({
    provenance: { learnt: 'annotations' },
  });
});

it('says what was looked at where it is not there', () => {
  expect(provenanceOf(undefined)).toMatchObject({
    known: false,
    why: expect.stringContaining('headgate.dev/git-commit'),
  });
  const short = provenanceOf({ ...annotations, 'headgate.dev/git-commit': 'main' });
  expect(short).toMatchObject({ known: false, why: expect.stringContaining('"main", not the 40 hex digits') });
});
