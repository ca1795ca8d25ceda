/** The parts of a bench that `--only` names; all of them where it names none. Throws on one that is not known. */
export function partsOf<Part extends string>(known: readonly Part[], only: string[] | undefined): readonly Part[] {
  if (!only) return known;
  return only.map((name) => {
    const part = known.find((one) => one === name);
    if (!part) throw new Error(`--only ${name} is not known; known are ${known.join(', ')}`);
    return part;
  });
}
