import { timestamp } from '../api/times.ts';
import { autoPromotionAt, isApproved, isPreviewReady, previewCount, waitsForSomeone } from './blue-green.ts';
import { flightChoices, isInconclusive } from './explain-choices.ts';
import { pauseSince, progressSince } from './explain-since.ts';
import { inconclusive, untilDeadline, verdictOf } from './explain-steps.ts';
import { counted, type Wait } from './explanation.ts';
import { available, type Facts } from './facts.ts';
import type { MachineState } from './machine.ts';

type Told = Omit<Wait, 'canDo'>;

function waitingForPods(facts: Facts, count: number): string {
  return `waits for ${counted(count, 'new pod')} to be available (${available(facts.newReplicaSet)} now)`;
}

const stays = 'users stay where they are';
const SWITCH = 'users are led to the new pods';

/** What stands between the preview and the switch, once the preview's pods are there. */
function afterPreview(facts: Facts): string {
  if (!isApproved(facts)) return 'an analysis judges them';
  return waitsForSomeone(facts) ? 'it pauses before users are led to them' : SWITCH;
}

function afterApproval(facts: Facts): string {
  return waitsForSomeone(facts) ? 'it pauses before users are led to the new pods' : SWITCH;
}

function previewWait(facts: Facts): Told {
  if (isInconclusive(facts)) return inconclusive(facts);
  if (!isPreviewReady(facts))
    return {
      waitsFor: waitingForPods(facts, previewCount(facts)),
      since: progressSince(facts),
      next: untilDeadline(facts, afterPreview(facts)),
    };
  if (!isApproved(facts)) return verdictOf(facts, 'PrePromotion', { stays, success: afterApproval(facts) });
  const end = autoPromotionAt(facts);
  const since = pauseSince(facts, 'BlueGreenPause');
  return end === undefined
    ? {
        waitsFor: 'pauses until someone promotes it',
        hint: ': kubectl headgate promote',
        since,
        next: `${SWITCH}, once it is promoted`,
      }
    : {
        waitsFor: `pauses until ${timestamp(end)}`,
        hint: ', then users are led to it; promote does so now',
        since,
        until: end,
        next: `${SWITCH}, by itself`,
      };
}

function switchWait(facts: Facts, isPromoting: boolean): Told {
  const then = 'the new revision becomes the stable one; the former pods are kept for the scale-down delay';
  if (isPromoting && isInconclusive(facts)) {
    const told = inconclusive(facts);
    return { ...told, waitsFor: `users reach the new pods: ${told.waitsFor}` };
  }
  if (available(facts.newReplicaSet) < facts.replicas)
    return {
      waitsFor: waitingForPods(facts, facts.replicas),
      ...(isPromoting ? {} : { hint: ', then users are led to them' }),
      since: progressSince(facts),
      next: untilDeadline(facts, isPromoting ? then : SWITCH),
    };
  if (!isPromoting || !facts.slots.PostPromotion)
    return { waitsFor: 'leads users to the new pods', since: undefined, next: then };
  const told = verdictOf(facts, 'PostPromotion', { stays, success: then });
  const hint = told.hint ?? ' before they become stable';
  return { ...told, waitsFor: `users reach the new pods: ${told.waitsFor}`, hint };
}

/** What an update in flight waits for. */
export function explainBlueGreen(facts: Facts, state: MachineState): Wait {
  const { delivery } = state;
  const isPromoting = delivery === 'promoting';
  if (typeof delivery === 'object' && delivery.progressing === 'preview') {
    const told = previewWait(facts);
    const waitsFor = `the preview runs beside the active pods: ${told.waitsFor}`;
    return { ...told, waitsFor, canDo: flightChoices(facts, state) };
  }
  return { ...switchWait(facts, isPromoting), canDo: flightChoices(facts, state) };
}
