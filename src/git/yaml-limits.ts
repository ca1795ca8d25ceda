/** What a parser makes of YAML that nobody has looked at, within a time that grows no faster than the text. */
import { type Document, isScalar, visit } from 'yaml';

/** Each is looked for in all that stands before it. */
const MOST_ALIASES = 1_000;
/** Of one anchor, all that its aliases come to. */
const MOST_COPIES = 100;

/** Where a mapping has a key for the second time: the parser itself compares each with all others, which a large file makes last for minutes. */
export function repeatedKey(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          offset = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return offset;
}

/** The plain value of a document. Throws an Error for one whose aliases would make it last, or large. */
export function plainValue(document: Document): unknown {
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases++;
    },
  });
  if (aliases > MOST_ALIASES) {
    throw new Error(
      `The document holds ${aliases} aliases; at most ${MOST_ALIASES} are read. Write out what they name`,
    );
  }
  return document.toJS({ maxAliasCount: MOST_COPIES });
}
