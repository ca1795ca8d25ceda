/** Where an object came from, by the Argo CD Application that tracks it. */
import { type Fields, fieldsOf, listOf, textOf } from '../../api/fields.ts';
import { isObjectId } from '../process.ts';
import { type Chosen, helmOf, pickSource } from './argocd-sources.ts';
import { syncOf } from './argocd-sync.ts';
import {
  annotationsOf,
  type Identity,
  identify,
  isName,
  type Lookup,
  labelsOf,
  nameOf,
  shown,
  unknown,
} from './lookup.ts';
import { branchNamed, fileOf, folderAt, inputsOf, repositoryAt, safePath } from './places.ts';
import type { Provenance } from './provenance.ts';

const TRACKING_ID = 'argocd.argoproj.io/tracking-id';
export const INSTANCE = 'app.kubernetes.io/instance';
const GENERATE_PATHS = 'argocd.argoproj.io/manifest-generate-paths';
/** Of Argo CD Image Updater; it writes to Git only where the second says so, and to the Application else. */
const IMAGE_LIST = 'argocd-image-updater.argoproj.io/image-list';
const WRITE_BACK = 'argocd-image-updater.argoproj.io/write-back-method';
const IN_CLUSTER = { server: 'https://kubernetes.default.svc', name: 'in-cluster' };

/** The Application that an object names. */
interface Mark {
  namespace: string;
  name: string;
  /** As people read it: what on the object says so. */
  by: string;
}

/** `<namespace>_<name>` where the Application is not in Argo CD's own namespace; neither may hold a `_` itself. */
function applicationNamed(text: string, home: string, by: string): Mark | undefined {
  const [first = '', second, ...more] = text.split('_');
  const mark = second === undefined ? { namespace: home, name: first } : { namespace: first, name: second };
  return more.length === 0 && isName(mark.namespace) && isName(mark.name) ? { ...mark, by } : undefined;
}

/**
 * The tracking id counts only where it speaks of the object itself: a copy of an object carries its original's. The label is
 * weak: Helm charts write it too, and Argo CD cuts it after 63 characters.
 */
function markOf(object: unknown, identity: Identity, home: string): Mark | undefined {
  const id = annotationsOf(object)[TRACKING_ID];
  if (id === undefined) {
    const label = labelsOf(object)[INSTANCE];
    return label ? applicationNamed(label, home, `the label ${INSTANCE}`) : undefined;
  }
  const [application = '', about, place] = id.split(':');
  const { group, kind, namespace, name } = identity;
  if (about !== `${group}/${kind}` || place !== `${namespace}/${name}` || id.split(':').length !== 3) {
    throw unknown(`its annotation ${TRACKING_ID}, ${shown(id)}, does not speak of ${nameOf(identity)} itself`);
  }
  const mark = applicationNamed(application, home, `the annotation ${TRACKING_ID}`);
  if (!mark) throw unknown(`its annotation ${TRACKING_ID}, ${shown(id)}, names no Application`);
  return mark;
}

/** The Application that the marks on an object name; throws `Stalled` where they are no such marks. */
export function fromMark(object: unknown, home: string): { namespace: string; name: string } | undefined {
  return markOf(object, identify(object), home);
}

/** Nothing of an Application is told before it is known to track the object. */
function trackedBy(application: Fields, identity: Identity, { namespace, name, by }: Mark): Fields {
  const { status, spec } = application;
  const own = ({ group = '', kind, namespace: place, name: called }: Fields) =>
    group === identity.group && kind === identity.kind && place === identity.namespace && called === identity.name;
  const entry = listOf(fieldsOf(status).resources).map(fieldsOf).find(own);
  if (!entry) throw unknown(`Application ${namespace}/${name}, which ${by} names, does not list ${nameOf(identity)}`);
  const { server, name: cluster } = fieldsOf(fieldsOf(spec).destination);
  if (server !== IN_CLUSTER.server && cluster !== IN_CLUSTER.name) {
    const where = `Application ${namespace}/${name} deploys to cluster ${shown(server ?? cluster)}`;
    throw unknown(`${where}, which may be another than this one; it says so where it is ${IN_CLUSTER.server}`);
  }
  return entry;
}

/** The commit of the chosen source, as it was applied. */
function commitOf({ source, field, revision, asked }: Chosen): string {
  if (!isObjectId(revision)) throw unknown(`${field} was applied at ${shown(revision)}, which is no commit`);
  const isOwn = (asked || 'HEAD') === (source.targetRevision || 'HEAD') || /^[0-9a-f]{7,64}$/i.test(asked);
  if (asked === '' || isOwn) return revision;
  throw unknown(`the last sync was told to take ${shown(asked)} instead of ${field}.targetRevision`);
}

function generatePaths(application: Fields, path: string): (string | undefined)[] {
  const listed = (annotationsOf(application)[GENERATE_PATHS] ?? '').split(';').map((each) => each.trim());
  return listed.filter((each) => each !== '').map((each) => safePath(path, each));
}

/** Each entry is `alias=image:constraint`, where alias and constraint may be left out. */
function imageBotOf(application: Fields, name: string): Provenance['imageBot'] {
  const { [IMAGE_LIST]: list = '', [WRITE_BACK]: method = '' } = annotationsOf(application);
  const entries = list.split(',').map((each) => each.slice(each.indexOf('=') + 1).trim());
  const images = entries.filter((each) => each !== '');
  return /^git(:|$)/.test(method.trim()) && images.length > 0 ? { application: name, images } : undefined;
}

function overridesOf(application: Fields, identity: Identity, fields: string[], name: string): string[] {
  const ignored = listOf(fieldsOf(application.spec).ignoreDifferences).map(fieldsOf);
  const touching = ignored.flatMap((rule, index) =>
    ignoresTemplate(rule, identity) ? [`spec.ignoreDifferences[${index}]`] : [],
  );
  return [...fields, ...touching].map((field) => `Application ${name} ${field}`);
}

/** Argo CD calls an object synced although these parts of it differ from Git. */
function ignoresTemplate(rule: Fields, { group, kind, namespace, name }: Identity): boolean {
  const speaks = (value: unknown, of: string) => value === undefined || value === '' || value === '*' || value === of;
  const isAbout = speaks(rule.group, group) && speaks(rule.kind, kind);
  if (!isAbout || !speaks(rule.name, name) || !speaks(rule.namespace, namespace)) return false;
  const pointers = listOf(rule.jsonPointers).map((pointer) => `${textOf(pointer) ?? ''}/`);
  const expressions = listOf(rule.jqPathExpressions).map((expression) => textOf(expression) ?? '');
  return (
    pointers.some((pointer) => pointer.startsWith('/spec/template/') || '/spec/template/'.startsWith(pointer)) ||
    expressions.some((expression) => /template|^\.spec$|^\.$/.test(expression.trim()))
  );
}

/** Throws `Stalled` or `Waiting` where it cannot be told; answers undefined where nothing on the object speaks of Argo CD. */
export function fromArgoCd(object: unknown, lookup: Lookup, home: string): Provenance | undefined {
  const identity = identify(object);
  const mark = markOf(object, identity, home);
  if (!mark) return undefined;
  const { namespace, name } = mark;
  const application = lookup.object({ kind: 'Application', namespace, name });
  const entry = trackedBy(application, identity, mark);
  const sync = syncOf(application, entry, identity, `${namespace}/${name}`);
  const chosen = pickSource(application, sync);
  const { source, field } = chosen;
  const repository = repositoryAt(source.repoURL, `${field}.repoURL`);
  const commit = commitOf(chosen);
  const path = folderAt(source.path, `${field}.path`);
  const branch = branchNamed(source.targetRevision, `${field}.targetRevision`) ?? lookup.defaultBranch(repository);
  const { file, override } = fileOf(object, { repository, branch, path });
  const inputs = inputsOf(path, [...generatePaths(application, path), ...chosen.values]);
  const helm = helmOf(chosen, name);
  const imageBot = imageBotOf(application, `${namespace}/${name}`);
  const overrides = overridesOf(application, identity, chosen.overrides, `${namespace}/${name}`);
  if (override) overrides.push(override);
  return {
    ...{ repository, branch, path, commit, learnt: 'ArgoCD', source: { namespace, name } },
    ...(helm && { helm }),
    ...(inputs && { inputs }),
    ...(file && { file }),
    ...(overrides.length > 0 && { overrides }),
    ...(imageBot && { imageBot }),
    evidence: `Application ${namespace}/${name} ${sync.how} ${commit.slice(0, 7)} of ${branch}`,
  };
}
