/** Differences that stay, each with its reason. A long hunt in which one no longer occurs is the time to remove it. */
import type { Difference } from './compare.ts';
import type { Outcome } from './executor.ts';
import type { Operation } from './operations.ts';

export interface KnownDifference {
  reason: string;
  matches(operation: Operation, difference: Difference, outcomes: [Outcome, Outcome]): boolean;
}

type Table = readonly KnownDifference[];

const rules: KnownDifference = {
  reason: 'the Gateway API gives rules in CEL with its definitions; the sandbox does not evaluate them',
  matches: ({ kind }, _difference, [real]) => kind.kind === 'HTTPRoute' && real.code === 422,
};

const panics: KnownDifference = {
  reason: 'a JSON patch that goes through a null makes the real server break the connection',
  matches: (operation, _difference, [real]) =>
    real.code === 0 && operation.verb === 'patch' && operation.type === 'json',
};

const statusCreates: KnownDifference = {
  reason: 'the real server makes a Service that is put to its status, without the addresses it gives every other one',
  matches: ({ kind, verb, subresource }, _difference, [real]) =>
    kind.kind === 'Service' && subresource === 'status' && verb !== 'create' && real.code === 201,
};

const scaleWrites: KnownDifference = {
  reason:
    'to scale a Rollout or ReplicaSet to the number that it has may be a write of managedFields on the real server',
  matches: ({ subresource }, { path }) => subresource === 'scale' && path === 'body.metadata.resourceVersion',
};

const ownObstacle: KnownDifference = {
  reason:
    'the real server takes a finalizer of the collector away in a write of its own, and then refuses its deletion for the version that this made',
  matches: (operation, _difference, [real, sandbox]) =>
    operation.verb === 'delete' && operation.version === 'fresh' && real.code === 409 && sandbox.code === 200,
};

export const knownDifferences: Table = [rules, panics, statusCreates, scaleWrites, ownObstacle];

export function knownDifference(
  operation: Operation,
  difference: Difference,
  outcomes: [Outcome, Outcome],
): KnownDifference | undefined {
  return knownDifferences.find((known) => known.matches(operation, difference, outcomes));
}
