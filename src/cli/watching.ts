/** Machine time. */
const BETWEEN_DRAWINGS = 200;
const TICK = 1000;

export interface Watching {
  /** Answers with an exit code when there is nothing more to wait for. */
  draw: () => number | undefined;
  onChange: (listener: () => void) => void;
  /** Draws each second, too, so that ages go on. */
  ticking: boolean;
  signal: AbortSignal;
}

/** Draws at once and after every change, at most five times a second, until `draw` answers (its answer) or the signal aborts (undefined). */
export async function watching({ draw, onChange, ticking, signal }: Watching): Promise<number | undefined> {
  const ended = Promise.withResolvers<number | undefined>();
  let pending: NodeJS.Timeout | undefined;
  const drawNow = () => {
    pending = undefined;
    try {
      const code = draw();
      if (code !== undefined) ended.resolve(code);
    } catch (error) {
      ended.reject(error);
    }
  };
  const later = () => {
    pending ??= setTimeout(drawNow, BETWEEN_DRAWINGS);
  };
  onChange(later);
  const ticks = ticking ? setInterval(later, TICK) : undefined;
  const stop = () => ended.resolve(undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  drawNow();
  // A signal alone keeps no process alive.
  const alive = setInterval(() => {}, TICK * 60);
  try {
    return await ended.promise;
  } finally {
    clearInterval(alive);
    clearInterval(ticks);
    clearTimeout(pending);
    signal.removeEventListener('abort', stop);
  }
}
