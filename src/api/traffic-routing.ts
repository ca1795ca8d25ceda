import { type Static, Type } from 'typebox';
import { flag, free, integer, list, longInteger, optional, serverChecks, stringMap, text } from './schema.ts';

const names = (description: string) => list(Type.String(), { description });

const Alb = Type.Object(
  {
    ingress: optional(text('The Ingress to change.')),
    ingresses: optional(names('Several Ingresses to change.')),
    servicePort: integer('The port that the action forwards to.'),
    rootService: optional(text('The Service in the Ingress that carries the action; stableService when not given.')),
    annotationPrefix: optional(
      text("The prefix of the controller's annotations; alb.ingress.kubernetes.io when not given."),
    ),
    stickinessConfig: optional(
      Type.Object(
        {
          enabled: flag('Whether a client stays with its target group.'),
          durationSeconds: longInteger('For how long, in seconds.'),
        },
        { description: 'Stickiness of the target groups.' },
      ),
    ),
  },
  { description: 'AWS load balancer controller.' },
);

const IstioVirtualService = Type.Object(
  {
    name: text('The VirtualService, as `name` or `name.namespace`.'),
    routes: optional(names('The HTTP routes to change; not needed where there is only one.')),
    tlsRoutes: optional(
      list(
        Type.Object(
          {
            port: optional(longInteger('The port of the route.')),
            sniHosts: optional(names('The SNI hosts of the route.')),
          },
          { description: 'One TLS route.' },
        ),
        { description: 'The TLS routes to change.' },
      ),
    ),
    tcpRoutes: optional(
      list(Type.Object({ port: optional(longInteger('The port of the route.')) }, { description: 'One TCP route.' }), {
        description: 'The TCP routes to change.',
      }),
    ),
  },
  { description: 'A VirtualService whose weights are set.' },
);

const Istio = Type.Object(
  {
    virtualService: optional(IstioVirtualService),
    virtualServices: optional(list(IstioVirtualService, { description: 'Several VirtualServices.' })),
    destinationRule: optional(
      Type.Object(
        {
          name: text('The DestinationRule.'),
          canarySubsetName: text('The subset whose labels are kept on the new pods.'),
          stableSubsetName: text('The subset whose labels are kept on the stable pods.'),
          additionalSubsetNames: optional(names('Further subsets, left as they are.')),
        },
        { description: 'A DestinationRule whose subsets are set.' },
      ),
    ),
  },
  { description: 'Istio.' },
);

const Nginx = Type.Object(
  {
    annotationPrefix: optional(
      text("The prefix of the controller's annotations; nginx.ingress.kubernetes.io when not given."),
    ),
    stableIngress: optional(text('The Ingress whose traffic is split.')),
    stableIngresses: optional(names('Several Ingresses.')),
    additionalIngressAnnotations: optional(stringMap('Annotations for the canary Ingress, without the prefix.')),
    canaryIngressAnnotations: optional(stringMap('Annotations for the canary Ingress, taken as they are.')),
  },
  { description: 'The NGINX ingress controller.' },
);

const Smi = Type.Object(
  {
    rootService: optional(text('The Service that clients call; stableService when not given.')),
    trafficSplitName: optional(text("The TrafficSplit; the Rollout's name when not given.")),
  },
  { description: 'Service Mesh Interface.' },
);

const VirtualNode = Type.Object({ name: text('The VirtualNode.') }, { description: 'A VirtualNode.' });

const AppMesh = Type.Object(
  {
    virtualService: optional(
      Type.Object(
        { name: text('The VirtualService.'), routes: optional(names('The routes to change.')) },
        { description: 'The VirtualService whose router is changed.' },
      ),
    ),
    virtualNodeGroup: optional(
      Type.Object(
        { canaryVirtualNodeRef: VirtualNode, stableVirtualNodeRef: VirtualNode },
        { description: 'The two VirtualNodes.' },
      ),
    ),
  },
  { description: 'AWS App Mesh.' },
);

const ApisixRoute = Type.Object(
  { name: text('The ApisixRoute.'), rules: optional(names('The rules to change.')) },
  { description: 'The route to change.' },
);

/** The routers that have a key of their own; all others live under `plugins`. */
export const routers = {
  istio: optional(Istio),
  nginx: optional(Nginx),
  alb: optional(Alb),
  smi: optional(Smi),
  ambassador: optional(Type.Object({ mappings: names('The Mappings to change.') }, { description: 'Ambassador.' })),
  appMesh: optional(AppMesh),
  traefik: optional(
    Type.Object({ weightedTraefikServiceName: text('The TraefikService to change.') }, { description: 'Traefik.' }),
  ),
  apisix: optional(Type.Object({ route: optional(ApisixRoute) }, { description: 'Apache APISIX.' })),
};

export const TrafficRouting = Type.Object(
  {
    ...routers,
    managedRoutes: optional(
      list(Type.Object({ name: text('The name of the route.') }, { description: 'One route.' }), {
        description: 'The routes that steps may add, in order of precedence.',
      }),
    ),
    plugins: optional(
      free('Routers by plugin name, such as `argoproj-labs/gatewayAPI`, each with its own configuration.'),
    ),
    maxTrafficWeight: optional(integer('The weight that means all traffic; 100 when not given.')),
  },
  {
    description: 'The router that splits the traffic. Without one, the numbers of pods do.',
    ...serverChecks({
      rule: '!has(self.maxTrafficWeight) || has(self.nginx) || has(self.plugins)',
      message: 'Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins: remove it',
    }),
  },
);
export type TrafficRouting = Static<typeof TrafficRouting>;
