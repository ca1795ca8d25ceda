import { Type } from 'typebox';
import type { PodTemplateSpec, LabelSelector as Selector } from './kubernetes.ts';
import { list, optional, stringMap, text } from './schema.ts';

const keepUnknown = { 'x-kubernetes-preserve-unknown-fields': true };

/** A list that server-side apply merges item by item, as it does in a Deployment. */
function keyedList(keys: string[], items: object, description: string) {
  return { type: 'array', description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, items };
}

function named(description: string, properties: object = {}) {
  return {
    type: 'object',
    description,
    required: ['name'],
    properties: { name: { type: 'string', description: 'The name, unique in the list.' }, ...properties },
    ...keepUnknown,
  };
}

const port = {
  type: 'object',
  description: 'One port.',
  required: ['containerPort'],
  properties: {
    containerPort: { type: 'integer', format: 'int32', description: 'The number of the port on the pod.' },
    protocol: { type: 'string', default: 'TCP', description: 'TCP, UDP or SCTP.' },
  },
  ...keepUnknown,
};

const container = named('One container, as in any pod.', {
  image: { type: 'string', description: 'The image to run.' },
  env: keyedList(['name'], named('One variable.'), 'Environment variables, merged by name.'),
  ports: keyedList(['containerPort', 'protocol'], port, 'Ports, merged by number and protocol.'),
});

const podSpec = {
  type: 'object',
  description: 'The pod, with every field that Kubernetes knows.',
  properties: {
    containers: keyedList(['name'], container, 'The containers, merged by name.'),
    initContainers: keyedList(['name'], container, 'Containers that run to completion first, merged by name.'),
    volumes: keyedList(['name'], named('One volume.'), 'The volumes, merged by name.'),
  },
  ...keepUnknown,
};

const podMetadata = {
  type: 'object',
  description: 'Labels and annotations of the pods.',
  properties: {
    labels: stringMap('Labels of the pods; the selector must match them.'),
    annotations: stringMap('Annotations of the pods.'),
  },
  ...keepUnknown,
};

export function podTemplate(description: string) {
  return Type.Unsafe<PodTemplateSpec>({
    type: 'object',
    description,
    properties: { metadata: podMetadata, spec: podSpec },
    ...keepUnknown,
  });
}

export function labelSelector(description: string, options: object = {}) {
  const requirement = Type.Object(
    {
      key: text('The label that is looked at.'),
      operator: text('In, NotIn, Exists or DoesNotExist.'),
      values: optional(list(Type.String(), { description: 'The values for In and NotIn.' })),
    },
    { description: 'One requirement.' },
  );
  const shape = Type.Object(
    {
      matchLabels: optional(stringMap('Labels that must be there with exactly these values.')),
      matchExpressions: optional(list(requirement, { description: 'Further requirements; all must hold.' })),
    },
    { description, 'x-kubernetes-map-type': 'atomic', ...options },
  );
  return Type.Unsafe<Selector>(shape);
}

/** Labels and annotations that are put on something for a time. */
export function extraMetadata(description: string) {
  return Type.Object(
    {
      labels: optional(stringMap('Labels to add.')),
      annotations: optional(stringMap('Annotations to add.')),
    },
    { description },
  );
}
