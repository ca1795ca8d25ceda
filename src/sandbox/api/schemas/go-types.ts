/** Reads from Go sources what OpenAPI does not say: which fields the server writes although they are empty, and which it drops. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `shown`: there even when empty. `dropped`: not there when empty. A pointer is neither: it is there when it was given. */
export type Zero = 'shown' | 'dropped';

const PACKAGES: Record<string, { module: 'api' | 'apimachinery' | 'apiextensions'; folder: string }> = {
  'io.k8s.api.core.v1': { module: 'api', folder: 'core/v1' },
  'io.k8s.api.apps.v1': { module: 'api', folder: 'apps/v1' },
  'io.k8s.api.batch.v1': { module: 'api', folder: 'batch/v1' },
  'io.k8s.api.coordination.v1': { module: 'api', folder: 'coordination/v1' },
  'io.k8s.api.discovery.v1': { module: 'api', folder: 'discovery/v1' },
  'io.k8s.api.networking.v1': { module: 'api', folder: 'networking/v1' },
  'io.k8s.api.policy.v1': { module: 'api', folder: 'policy/v1' },
  'io.k8s.api.rbac.v1': { module: 'api', folder: 'rbac/v1' },
  'io.k8s.apimachinery.pkg.apis.meta.v1': { module: 'apimachinery', folder: 'pkg/apis/meta/v1' },
};

const STRUCT = /^type (\w+) struct \{\n([\s\S]*?)^\}/gm;
const FIELD = /^\t(?:(\w+)\s+)?(\S+)\s+`.*?json:"([^"]*)"/gm;

interface Field {
  type: string;
  name: string;
  flags: string[];
}

type Structs = Map<string, Field[]>;

function structsOf(source: string): Structs {
  return new Map(
    [...source.matchAll(STRUCT)].map(([, name = '', body = '']) => {
      const fields = [...body.matchAll(FIELD)].map(([, , type = '', tag = '']) => {
        const [json = '', ...flags] = tag.split(',');
        return { type, name: json, flags };
      });
      return [name, fields];
    }),
  );
}

/** Of a foreign package only these come as values. */
const FOREIGN_STRUCTS = new Set([
  'metav1.ObjectMeta',
  'metav1.Time',
  'metav1.MicroTime',
  'Time',
  'intstr.IntOrString',
  'v1.PodTemplateSpec',
  'corev1.PodTemplateSpec',
]);

function zeroOf({ type, flags }: Field, structs: Structs): Zero | undefined {
  if (type.startsWith('*')) return undefined;
  if (structs.has(type) || FOREIGN_STRUCTS.has(type)) return flags.includes('omitzero') ? 'dropped' : 'shown';
  return flags.includes('omitempty') ? 'dropped' : 'shown';
}

function collect(name: string, structs: Structs, into: Map<string, Zero>): Map<string, Zero> {
  for (const field of structs.get(name) ?? []) {
    if (field.flags.includes('inline') || field.name === '') collect(field.type.replace('*', ''), structs, into);
    else {
      const zero = zeroOf(field, structs);
      if (zero) into.set(field.name, zero);
    }
  }
  return into;
}

/** For a schema's name, what becomes of its empty fields. */
export function goZeroes(
  modules: Record<'api' | 'apimachinery' | 'apiextensions', string>,
): (schemaName: string) => Map<string, Zero> {
  const known = new Map<string, Structs>();
  return (schemaName) => {
    const end = schemaName.lastIndexOf('.');
    const place = PACKAGES[schemaName.slice(0, end)];
    if (!place) return new Map();
    const file = join(modules[place.module], place.folder, 'types.go');
    const structs = known.get(file) ?? structsOf(readFileSync(file, 'utf8'));
    known.set(file, structs);
    return collect(schemaName.slice(end + 1), structs, new Map());
  };
}
