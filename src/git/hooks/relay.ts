import { type Hint, placeOfRepository } from '../hint.ts';

/** How long one repository's hints rest after one was passed on. Machine time. */
const REST_MILLISECONDS = 2_000;
/** More than anybody has. What is not passed on is seen at the next interval. */
const MOST_REPOSITORIES = 1_000;
const MOST_BRANCHES = 1_000;

/** Passes hints on, but those for one repository only every so often: what comes in between is one hint afterwards. */
export interface HintRelay {
  pass(hint: Hint): void;
  /** Nothing that waits is passed on any more. */
  stop(): void;
}

export function createHintRelay(lookAgain: (hint: Hint) => void, restMilliseconds = REST_MILLISECONDS): HintRelay {
  const resting = new Map<string, { timer: NodeJS.Timeout; waiting: Set<string> }>();

  const begin = (place: string, hint: Hint) => {
    const waiting = new Set<string>();
    const end = () => {
      resting.delete(place);
      if (waiting.size > 0) begin(place, { ...hint, branches: [...waiting] });
    };
    const timer = setTimeout(end, restMilliseconds);
    timer.unref();
    resting.set(place, { timer, waiting });
    lookAgain(hint);
  };
  return {
    pass({ repositories, branches }) {
      const byPlace = new Map(repositories.map((repository) => [placeOfRepository(repository), repository]));
      for (const [place, repository] of byPlace) {
        const rest = resting.get(place);
        if (rest === undefined && resting.size < MOST_REPOSITORIES)
          begin(place, { repositories: [repository], branches });
        for (const branch of branches) if (rest && rest.waiting.size < MOST_BRANCHES) rest.waiting.add(branch);
      }
    },
    stop() {
      for (const { timer } of resting.values()) clearTimeout(timer);
      resting.clear();
    },
  };
}
