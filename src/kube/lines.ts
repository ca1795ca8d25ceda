const NEWLINE = 0x0a;
/** Ten times what etcd stores as one object. */
const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Cuts a stream of chunks into lines. A line longer than `longest` bytes is handed over as undefined, once, and never
 * held in memory. What follows the last newline is not a line: the connection broke in the middle of it.
 */
export function createLineReader(
  take: (line: string | undefined) => void,
  longest = LONGEST_LINE,
): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  const keep = (part: Buffer) => {
    size += part.length;
    if (size > longest) parts = [];
    else parts.push(part);
  };
  const finish = () => {
    const line = size > longest ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    size = 0;
    if (line === undefined || line.trim() !== '') take(line);
  };
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      finish();
      from = at + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  };
}
