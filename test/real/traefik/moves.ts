/** What became of each weight that the route was given: in the route's status, and in what users got. */
import { fieldsOf, listOf } from '../../../src/api/fields.ts';
import { machineClock, machineNow } from '../../../src/clock.ts';
import { createCaches } from '../../../src/kube/caches.ts';
import { type AnyObject, httpRoutes } from '../../../src/kube/resources.ts';
import { silentLog } from '../../../src/log.ts';
import { connect } from '../../worlds/real/connect.ts';
import type { Load } from '../../worlds/real/load.ts';
import { readRealWorld } from '../../worlds/real/state.ts';
import type { TestWorld } from '../../worlds/world.ts';
import { TOLERANCE } from '../loop/traffic.ts';

/** Times are those at which it was seen, in milliseconds since the epoch. */
export interface Move {
  /** The canary's, from now on. */
  weight: number;
  writtenAt: number;
  /** When the data plane said that it has accepted the route so. */
  acceptedAt?: number;
}

function weightIn({ spec }: AnyObject): number {
  const [rule] = listOf(fieldsOf(spec).rules).map(fieldsOf);
  const canary = listOf(rule?.backendRefs)
    .map(fieldsOf)
    .find(({ name }) => name === 'shop-canary');
  return Number(canary?.weight);
}

function isAccepted({ metadata, status }: AnyObject): boolean {
  const conditions = listOf(fieldsOf(status).parents).flatMap((parent) => listOf(fieldsOf(parent).conditions));
  return conditions
    .map(fieldsOf)
    .some(
      (each) => each.type === 'Accepted' && each.status === 'True' && each.observedGeneration === metadata.generation,
    );
}

/** From the route's first weight on; the list grows until it is stopped. */
export async function followMoves({
  namespace,
}: TestWorld): Promise<{ moves: readonly Move[]; stop(): Promise<void> }> {
  const connection = connect(readRealWorld()?.kubeconfig ?? '');
  const caches = createCaches({ connection, log: silentLog(), clock: machineClock(), namespace });
  const moves: Move[] = [];
  caches.cache(httpRoutes).onChange((route) => {
    const now = machineNow();
    const weight = weightIn(route);
    if (moves.at(-1)?.weight !== weight) moves.push({ weight, writtenAt: now });
    const move = moves.at(-1);
    if (move && isAccepted(route)) move.acceptedAt ??= now;
  });
  await caches.start();
  return {
    moves,
    async stop() {
      await caches.stop();
      connection.close();
    },
  };
}

/** So many requests tell a share: this data plane gives each backend its turns, it does not throw dice. */
const ENOUGH = 100;

/** When the first request was sent from which on requests were split so, of those sent from a time on; else undefined. */
export function servedFrom(load: Load, image: string, weight: number, from: number): number | undefined {
  const sent = load.answers.filter(({ sentAt }) => sentAt >= from).toSorted((one, other) => one.sentAt - other.sentAt);
  const begin = sent.findIndex((_, index) => {
    const next = sent.slice(index, index + ENOUGH);
    const percent = (100 * next.filter((each) => each.image === image).length) / ENOUGH;
    return next.length === ENOUGH && Math.abs(percent - weight) <= TOLERANCE;
  });
  return sent[begin]?.sentAt;
}
