const NUMBER = /^(0|[1-9]\d*)$/;

/**
 * Which of two resourceVersions is later: negative, zero or positive as for a sort; undefined where they are opaque.
 * They exceed what a double holds, so the digits are compared.
 */
export function compareVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a === b) return 0;
  if (!NUMBER.test(a) || !NUMBER.test(b)) return undefined;
  return a.length !== b.length ? a.length - b.length : a < b ? -1 : 1;
}
