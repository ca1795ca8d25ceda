/** Answers of git that hang on objects alone, which never change under their ids. */
export interface ObjectMemory {
  get(key: string): Buffer | undefined;
  set(key: string, answer: Buffer): void;
}

/** Each takes some room besides its bytes. */
const BYTES_EACH = 200;

/** Holds so many bytes, of all clones together; what was asked for longest ago goes first. */
export function createObjectMemory(mostBytes: number): ObjectMemory {
  const answers = new Map<string, Buffer>();
  const sizeOf = (key: string, answer: Buffer) => key.length + answer.length + BYTES_EACH;
  let bytes = 0;
  const forget = (key: string) => {
    const answer = answers.get(key);
    if (answer === undefined) return undefined;
    answers.delete(key);
    bytes -= sizeOf(key, answer);
    return answer;
  };
  const remember = (key: string, answer: Buffer) => {
    answers.set(key, answer);
    bytes += sizeOf(key, answer);
  };
  return {
    get(key) {
      const answer = forget(key);
      if (answer !== undefined) remember(key, answer);
      return answer;
    },
    set(key, answer) {
      // One that fills a large part of it would only push out all others.
      if (sizeOf(key, answer) > mostBytes / 8) return;
      forget(key);
      // A copy, for it may be a small piece of something large.
      remember(key, Buffer.from(answer));
      for (const oldest of answers.keys()) {
        if (bytes <= mostBytes) break;
        forget(oldest);
      }
    },
  };
}
