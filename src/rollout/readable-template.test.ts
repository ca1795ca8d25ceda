import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUFFIXES } from '../../test/quantities.ts';
import type { PodTemplateSpec } from '../api/index.ts';
import { readTemplate } from './readable-template.ts';
import { templateHash } from './template.ts';

type Pod = NonNullable<PodTemplateSpec['spec']>;

const pod = (spec: object): PodTemplateSpec => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec } as Pod,
});

const container = (fields: object) => ({ name: 'web', image: 'web:1', ...fields });

describe('a quantity that is none', () => {
  /** A pod with it, the path of it below the pod, and the pod as it is read. */
  const places: [string, object, string, object][] = [
    [
      'a request of a container',
      { containers: [container({ resources: { requests: { memory: 'invalid', cpu: '1' }, limits: { cpu: 2 } } })] },
      'containers[0].resources.requests.memory',
      { containers: [container({ resources: { requests: { cpu: '1' }, limits: { cpu: 2 } } })] },
    ],
    [
      'a limit with a name of more than a word',
      { containers: [container({ resources: { limits: { 'nvidia.com/gpu': '1gpu' } } })] },
      'containers[0].resources.limits."nvidia.com/gpu"',
      { containers: [container({ resources: { limits: {} } })] },
    ],
    [
      'a limit of a container that runs first',
      { initContainers: [container({}), container({ resources: { limits: { cpu: true } } })] },
      'initContainers[1].resources.limits.cpu',
      { initContainers: [container({}), container({ resources: { limits: {} } })] },
    ],
    [
      'a variable that tells of a resource',
      {
        containers: [
          container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { divisor: '', resource: 'c' } } }] }),
        ],
      },
      'containers[0].env[0].valueFrom.resourceFieldRef.divisor',
      { containers: [container({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'c' } } }] })] },
    ],
    [
      'a size of a volume',
      { volumes: [{ name: 'a', emptyDir: { medium: 'Memory', sizeLimit: '1 Gi' } }] },
      'volumes[0].emptyDir.sizeLimit',
      { volumes: [{ name: 'a', emptyDir: { medium: 'Memory' } }] },
    ],
    [
      'a claim of a volume',
      {
        volumes: [
          { name: 'a', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: {} } } } } } },
        ],
      },
      'volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests.storage',
      { volumes: [{ name: 'a', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: {} } } } } }] },
    ],
    [
      'a file that tells of a resource',
      {
        volumes: [
          { name: 'a', downwardAPI: { items: [{ path: 'p', resourceFieldRef: { divisor: '1x', resource: 'c' } }] } },
        ],
      },
      'volumes[0].downwardAPI.items[0].resourceFieldRef.divisor',
      { volumes: [{ name: 'a', downwardAPI: { items: [{ path: 'p', resourceFieldRef: { resource: 'c' } }] } }] },
    ],
    ['what the pod itself needs', { overhead: { cpu: 'much' } }, 'overhead.cpu', { overhead: {} }],
    [
      'what the pod may have',
      { resources: { limits: { cpu: '1,5' } } },
      'resources.limits.cpu',
      { resources: { limits: {} } },
    ],
  ];

  it.each(places)('is left out by itself: %s', (_, written, path, read) => {
    const { template, leftOut } = readTemplate(pod(written));
    expect(template).toEqual(pod(read));
    expect(leftOut).toEqual([
      { path: `spec.template.spec.${path}`, message: expect.stringContaining('is no quantity') },
    ]);
  });

  it('is told with what it is, what is allowed and what to do', () => {
    const { leftOut } = readTemplate(pod({ overhead: { cpu: 'much' } }));
    expect(leftOut[0]?.message).toBe(
      '"much" is no quantity, so pods are made without it: write a number with or without a unit, as in 2, 100m, 1.5 or 256Mi',
    );
  });

  it('takes all ephemeral containers with it, and leaves the others', () => {
    const resources = { requests: { memory: 'invalid' } };
    const ephemeralContainers = [
      container({ name: 'a' }),
      container({ resources }),
      container({ name: 'c', resources }),
    ];
    const { template, leftOut } = readTemplate(pod({ containers: [container({ resources })], ephemeralContainers }));
    expect(template).toEqual(pod({ containers: [container({ resources: { requests: {} } })] }));
    expect(leftOut.map(({ path }) => path)).toEqual([
      'spec.template.spec.containers[0].resources.requests.memory',
      'spec.template.spec.ephemeralContainers',
    ]);
    expect(leftOut[1]?.message).toContain('"invalid" at spec.template.spec.ephemeralContainers[1].resources.requests');
  });

  it('counts for the hash as if it were not there', () => {
    const { template } = readTemplate(pod({ containers: [container({ resources: { requests: { memory: 'x' } } })] }));
    expect(templateHash(template)).toBe(templateHash(pod({ containers: [container({})] })));
  });
});

describe('what can be read', () => {
  const quantity = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc
      .tuple(
        fc.constantFrom('', '+', '-'),
        fc.constantFrom('0', '1', '007', '1.5', '.5', '5.', '123456789012345678901234567890'),
        fc.constantFrom(...SUFFIXES, 'E-3', 'e+03'),
      )
      .map((parts) => parts.join('')),
  );

  it('is the very same object: every form of a quantity, and null', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.option(quantity)), quantity, (limits, sizeLimit) => {
        const template = pod({
          containers: [container({ resources: { limits } })],
          ephemeralContainers: [container({ resources: { limits } })],
          volumes: [{ name: 'a', emptyDir: { sizeLimit } }],
        });
        expect(readTemplate(template)).toEqual({ template, leftOut: [] });
        expect(readTemplate(template).template).toBe(template);
      }),
    );
  });

  it('is whatever has no type that is known here, or another', () => {
    const written = [
      {},
      { spec: null },
      pod({ containers: 'none', volumes: [null, 5], overhead: [] }),
      pod({ limits: { cpu: 'x' } }),
    ];
    for (const template of written as PodTemplateSpec[]) expect(readTemplate(template).template).toBe(template);
  });

  it('of anything, is read all over again', () => {
    fc.assert(
      fc.property(
        fc.object({ maxDepth: 6, key: fc.constantFrom('spec', 'containers', 'resources', 'limits', 'cpu') }),
        (any) => {
          const { template } = readTemplate(any as PodTemplateSpec);
          expect(readTemplate(template)).toEqual({ template, leftOut: [] });
        },
      ),
    );
  });
});
