/**
 * Stories of parts that are long to build: where their file is not asked for by name, they are told only where the part is
 * there. They share one world, apart from all others: what they start sees to the whole cluster.
 */
export const ON_DEMAND = [
  { file: 'test/real/flux.test.ts', part: 'kustomize-controller' },
  { file: 'test/real/traefik.test.ts', part: 'traefik' },
];

/** The name of their lane. */
export const ON_DEMAND_LANE = 'on-demand';
