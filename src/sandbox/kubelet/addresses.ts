/** Which addresses are in use. */
export interface Addresses {
  /** One that nobody uses, and that was not given back just now. Throws when all are in use. */
  take(): string;
  /** Marks as in use what somebody already has. */
  claim(address: string): void;
  free(address: string): void;
}

export function createAddresses({ first, last }: { first: string; last: string }): Addresses {
  const [low, high] = [numberOf(first), numberOf(last)];
  const used = new Set<number>();
  let next = low;
  return {
    take() {
      for (let tried = low; tried <= high; tried++) {
        const candidate = next;
        next = candidate === high ? low : candidate + 1;
        if (used.has(candidate) || isEndOfBlock(candidate)) continue;
        used.add(candidate);
        return textOf(candidate);
      }
      throw new Error(`every address from ${first} to ${last} is in use`);
    },
    claim: (address) => void used.add(numberOf(address)),
    free: (address) => void used.delete(numberOf(address)),
  };
}

/** Addresses that end in 0 or 255 are no hosts by old custom. */
function isEndOfBlock(address: number): boolean {
  return [0, 255].includes(address % 256);
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join('.');
}
