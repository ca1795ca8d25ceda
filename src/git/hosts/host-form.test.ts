import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type FormField, formOf, isFormName } from './host-form.ts';

/** As a server reads it. */
async function read(fields: readonly FormField[]): Promise<[string, string | Buffer][]> {
  const { contentType, body } = formOf(fields);
  const form = await new Response(Buffer.from(body), { headers: { 'content-type': contentType } }).formData();
  const entries = [...form].map(async ([name, value]): Promise<[string, string | Buffer]> => {
    return [name, typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer())];
  });
  return Promise.all(entries);
}

it('brings every byte of files and texts, in their order', async () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => isFormName(text) && text.trim() === text);
  const file = fc.uint8Array().map((bytes) => Buffer.from(bytes));
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', '-', 'ü', '"', ':') });
  const fields = fc.array(fc.record({ name, value: fc.oneof(file, text) }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fields, async (list) => {
      expect(await read(list)).toEqual(list.map(({ name, value }) => [name, value]));
    }),
  );
});

it('is the same each time, and ends no part within a content', async () => {
  const one = formOf([{ name: 'a', value: 'x' }]);
  expect(formOf([{ name: 'a', value: 'x' }])).toEqual(one);
  const fields = [{ name: '/nested', value: Buffer.from(one.body) }];
  expect(await read(fields)).toEqual([['/nested', Buffer.from(one.body)]]);
});

it.each(['a"b', 'a\\b', 'a\nb', 'a\rb', 'a\u0000', 'a\u007f'])(
  'knows %j for a name that servers read in several ways',
  (name) => {
    expect(isFormName(name)).toBe(false);
  },
);

it.each(['/app/web.yaml', 'ü ß/%22;x=1.yaml', "it's"])('takes %j for a name', (name) => {
  expect(isFormName(name)).toBe(true);
});
