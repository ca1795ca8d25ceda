/** Users: requests at a steady rate, whatever becomes of them, and what each of them got. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { machineNow } from '../../../src/clock.ts';

export interface LoadOptions {
  /** `address:port` of the data plane. */
  address: string;
  /** What users type in. */
  host: string;
  path?: string;
  headers?: Record<string, string>;
  requestsPerSecond: number;
  /** When it ends by itself. */
  seconds?: number;
}

/** One request's fate. Times are the machine's, in milliseconds since the epoch. */
export interface Answer {
  sentAt: number;
  answeredAt: number;
  /** 0: there was no answer. */
  status: number;
  /** Who answered; undefined where no pod did. */
  pod: string | undefined;
  image: string | undefined;
}

export interface Load {
  /** In the order of their arrival; grows. */
  readonly answers: readonly Answer[];
  /** Requests that were not sent because too many were under way. */
  readonly skipped: number;
  /** How many answers came from each image, '' for those that no pod gave; of requests sent within the two times. */
  byImage(from?: number, to?: number): Record<string, number>;
  /** Resolves when the last request is answered, by `stop` or after its seconds. */
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

const CONNECTIONS = 32;
const MOST_UNDER_WAY = 256;
const TICK_MILLISECONDS = 10;
const TIMEOUT_MILLISECONDS = 10_000;
const LONGEST_SECONDS = 1800;

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Sends one request; calls back exactly once, when its answer has been read or will not come. */
function ask(options: LoadOptions, agent: Agent, answered: (answer: Answer) => void): void {
  const { hostname, port } = new URL(`http://${options.address}`);
  const { path = '/', host, headers } = options;
  const sentAt = machineNow();
  let isOver = false;
  const finish = (status: number, response?: IncomingMessage) => {
    if (isOver) return;
    isOver = true;
    const pod = response && header(response, 'x-pod');
    const image = response && header(response, 'x-image');
    answered({ sentAt, answeredAt: machineNow(), status, pod, image });
  };
  request({ hostname, port, path, agent, headers: { ...headers, host }, timeout: TIMEOUT_MILLISECONDS }, (response) => {
    response.resume();
    response.once('end', () => finish(response.statusCode ?? 0, response)).once('error', () => finish(0));
  })
    .once('timeout', function (this: { destroy(): void }) {
      this.destroy();
    })
    .once('error', () => finish(0))
    .end();
}

function countByImage(answers: readonly Answer[], from: number, to: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { sentAt, image = '' } of answers) {
    if (sentAt >= from && sentAt <= to) counts[image] = (counts[image] ?? 0) + 1;
  }
  return counts;
}

/** Begins at once. The rate holds on average: what a busy machine could not send in time is sent right after. */
export function startLoad(options: LoadOptions): Load {
  const { requestsPerSecond, seconds = LONGEST_SECONDS } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const answers: Answer[] = [];
  const begin = machineNow();
  let due = 0;
  let underWay = 0;
  let skipped = 0;
  let isStopped = false;
  let finished = () => {};
  const over = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const settle = () => {
    if (!isStopped || underWay > 0) return;
    agent.destroy();
    finished();
  };
  const send = () => {
    underWay++;
    ask(options, agent, (answer) => {
      underWay--;
      answers.push(answer);
      settle();
    });
  };
  const stop = () => {
    clearInterval(timer);
    isStopped = true;
    settle();
    return over;
  };
  const timer = setInterval(() => {
    const elapsed = Math.min((machineNow() - begin) / 1000, seconds);
    for (const target = Math.floor(elapsed * requestsPerSecond); due < target; due++) {
      if (underWay < MOST_UNDER_WAY) send();
      else skipped++;
    }
    if (elapsed === seconds) void stop();
  }, TICK_MILLISECONDS);
  return {
    answers,
    get skipped() {
      return skipped;
    },
    byImage: (from = 0, to = Number.POSITIVE_INFINITY) => countByImage(answers, from, to),
    over,
    stop,
  };
}
