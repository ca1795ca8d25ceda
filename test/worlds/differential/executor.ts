/** Carries operations out on one of the servers, and tells what it answered in words that hold on both. */
import type { TestedKind } from './kinds.ts';
import { createNormalizer } from './normalizer.ts';
import { edited, type Operation, PATCH_TYPES, type Version } from './operations.ts';
import { call, type HttpAnswer, type HttpRequest, type Side, type WatchEvent, watchUntil } from './side.ts';

type Fields = Record<string, unknown>;
type Of<V extends Operation['verb']> = Extract<Operation, { verb: V }>;

export interface Outcome {
  code: number;
  warnings: string[];
  body: unknown;
}

export interface Executor {
  begin(): Promise<void>;
  execute(operation: Operation): Promise<Outcome>;
}

/** How the real server's storage begins what it has to say. */
const STORAGE = /StorageError: invalid object, Code: 4, Key: \S+, ResourceVersion: 0, AdditionalErrorMsg: /;
const LABEL = 'sequence';
const VERSION_THAT_NEVER_WAS = '1';

function metadataOf(object: unknown): Fields {
  const found = (object as Fields | undefined)?.metadata;
  return typeof found === 'object' && found !== null ? (found as Fields) : {};
}

function textOf(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  return typeof value === 'string' ? value : undefined;
}

/** A refusal by what programs read of it. The texts of 400 and 422 tell of the server's language and are not compared. */
function refusal(body: Fields): unknown {
  const { reason, message, details } = body;
  const { causes, ...about } = (details ?? {}) as Fields & { causes?: { field?: string; reason?: string }[] };
  const fields = [...new Set((causes ?? []).map((cause) => cause.field ?? ''))].sort();
  if (body.code === 422) return { reason, details: about, fields };
  if (body.code === 400 || body.code === 500) return { reason };
  return { reason, message: sentences(String(message).replace(STORAGE, '')), details: about, fields };
}

/** The conflicts of an apply are a set. */
function sentences(message: string): string {
  if (!message.startsWith('Apply failed')) return message;
  return message
    .replace(/: (conflicts with)/, ':\n$1')
    .split('\n')
    .sort()
    .join('\n');
}

/** A bookmark is about a version; that some servers fill it up with empty fields is nobody's concern. */
function withoutContent(event: WatchEvent): WatchEvent {
  const { kind, apiVersion, metadata } = event.object;
  return event.type === 'BOOKMARK' ? { type: event.type, object: { kind, apiVersion, metadata } } : event;
}

/** The histories of single objects: what happened to different ones has no order that must hold. */
function byObject(events: readonly WatchEvent[]): Record<string, unknown[]> {
  const histories: Record<string, unknown[]> = {};
  for (const event of events) {
    const name = String(metadataOf(event.object).name ?? event.type);
    histories[name] = [...(histories[name] ?? []), event];
  }
  return histories;
}

export function createExecutor(side: Side, namespace: string): Executor {
  const normalizer = createNormalizer();
  const histories = new Map<string, Fields[]>();
  let start = '';

  const keyOf = ({ kind, name }: { kind: TestedKind; name: string }) => `${kind.plural}/${name}`;
  const historyOf = (operation: Operation) => histories.get(keyOf(operation)) ?? [];

  const pathOf = ({ kind, elsewhere }: Operation, name = '', subresource = '', query: Fields = {}): string => {
    const root = kind.group === '' ? '/api' : `/apis/${kind.group}`;
    const home = kind.cluster ? '' : `/namespaces/${elsewhere ?? namespace}`;
    const parts = [kind.plural, name, subresource].filter((part) => part !== '').map(encodeURIComponent);
    const asked = new URLSearchParams(query as Record<string, string>).toString();
    return `${root}/${kind.version}${home}/${parts.join('/')}${asked === '' ? '' : `?${asked}`}`;
  };

  const templateOf = (kind: TestedKind, name: string): Fields => {
    const object = {
      apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name, labels: { app: 'a', ...(kind.cluster ? { [LABEL]: namespace } : {}) } },
      ...kind.template(kind.cluster ? name.replace(`${namespace}-`, '') : name),
    };
    return JSON.parse(JSON.stringify(object).replaceAll('<namespace>', namespace)) as Fields;
  };

  const remember = (operation: Operation, { code, body }: HttpAnswer): void => {
    if (code >= 300 || operation.subresource === 'scale' || operation.query.dryRun === 'All') return;
    const { name, resourceVersion } = metadataOf(body);
    if (typeof name !== 'string' || typeof resourceVersion !== 'string') return;
    const key = `${operation.kind.plural}/${name}`;
    const known = histories.get(key) ?? [];
    if (metadataOf(known.at(-1)).resourceVersion !== resourceVersion) known.push(body as Fields);
    histories.set(key, known);
  };

  const versionOf = (operation: Operation, version: Version): string | undefined => {
    const history = historyOf(operation);
    if (version === 'wrong') return VERSION_THAT_NEVER_WAS;
    if (version === 'none') return undefined;
    return textOf(metadataOf(history.at(version === 'fresh' ? -1 : 0)), 'resourceVersion');
  };

  const uidOf = (operation: Operation, which: 'own' | 'wrong' | 'none'): string | undefined => {
    if (which === 'wrong') return '00000000-0000-0000-0000-000000000000';
    return which === 'own' ? textOf(metadataOf(historyOf(operation).at(-1)), 'uid') : undefined;
  };

  const tell = ({ code, body, warnings }: HttpAnswer): Outcome => {
    const isStatus = (body as Fields | null)?.kind === 'Status' && code >= 300;
    // What is not compared gets no names either.
    const normal = normalizer.normalize(isStatus ? refusal(body as Fields) : body);
    // A request that was not understood may have been read further or less far before.
    return { code, warnings: code === 400 ? [] : warnings.sort(), body: normal };
  };

  const ask = async (operation: Operation, request: HttpRequest): Promise<Outcome> => {
    const answer = await call(side, request);
    remember(operation, answer);
    return tell(answer);
  };

  const send = (
    operation: Operation,
    method: string,
    name: string,
    body: unknown,
    contentType = 'application/json',
  ) => {
    const path = pathOf(operation, name, operation.subresource, operation.query);
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return ask(operation, { method, path, ...(text === undefined ? {} : { body: text, contentType }) });
  };

  const create = (operation: Of<'create'>): Promise<Outcome> => {
    const { kind, name, edits, generateName, body, contentType } = operation;
    const object = edited(templateOf(kind, name), edits);
    const named = generateName
      ? edited(object, [
          { path: ['metadata', 'name'], value: undefined },
          { path: ['metadata', 'generateName'], value: 'gen-' },
        ])
      : object;
    return send(operation, 'POST', '', body ?? named, contentType);
  };

  const scaleOf = ({ name }: Operation): Fields => ({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace },
    spec: { replicas: 2 },
  });

  const update = (operation: Of<'update'>): Promise<Outcome> => {
    const { kind, name, edits, version, body, contentType, subresource } = operation;
    const live = historyOf(operation).at(-1) ?? templateOf(kind, name);
    const base = subresource === 'scale' ? scaleOf(operation) : live;
    const resourceVersion = versionOf(operation, version);
    const object = edited(base, [{ path: ['metadata', 'resourceVersion'], value: resourceVersion }, ...edits]);
    return send(operation, 'PUT', name, body ?? object, contentType);
  };

  const patch = (operation: Of<'patch'>): Promise<Outcome> => {
    const { kind, name, type, body, version, uid } = operation;
    const guard: Fields = {};
    const [resourceVersion, ownUid] = [versionOf(operation, version), uidOf(operation, uid)];
    if (resourceVersion !== undefined) guard.resourceVersion = resourceVersion;
    if (ownUid !== undefined) guard.uid = ownUid;
    const contentType = PATCH_TYPES[type];
    if (type === 'apply') {
      const asked = body as { whole: boolean; edits: never[]; partial: Fields };
      const { apiVersion, kind: kindName, metadata } = templateOf(kind, name);
      const minimal = { apiVersion, kind: kindName, metadata: { name } };
      const object = asked.whole
        ? edited(templateOf(kind, name), asked.edits)
        : {
            ...minimal,
            ...asked.partial,
            metadata: { ...(kind.cluster ? (metadata as Fields) : minimal.metadata), ...metadataOf(asked.partial) },
          };
      const guards = Object.entries(guard).map(([key, value]) => ({ path: ['metadata', key], value }));
      return send(operation, 'PATCH', name, edited(object as Fields, guards), contentType);
    }
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    const guarded =
      isObject && Object.keys(guard).length > 0 ? { ...body, metadata: { ...metadataOf(body), ...guard } } : body;
    return send(operation, 'PATCH', name, JSON.stringify(guarded), contentType);
  };

  const remove = (operation: Of<'delete'>): Promise<Outcome> => {
    const { name, version, uid, body } = operation;
    const resourceVersion = versionOf(operation, version);
    const ownUid = uidOf(operation, uid);
    const preconditions = { ...(resourceVersion && { resourceVersion }), ...(ownUid && { uid: ownUid }) };
    const options = Object.keys(preconditions).length > 0 ? { ...body, preconditions } : body;
    return send(operation, 'DELETE', name, options);
  };

  /** All pages, with something that happens between the first and the second. */
  const list = async (operation: Of<'list'>): Promise<Outcome> => {
    const { kind, query, at, changeBetween } = operation;
    const history = ['a', 'b', 'c'].map((name) => histories.get(keyOf({ kind, name }))?.at(-1));
    const latest = history.map((object) => Number(metadataOf(object).resourceVersion ?? 0));
    const asked =
      at === 'none' ? {} : { resourceVersion: at === 'start' ? start : String(Math.max(...latest) || start) };
    const pages: unknown[] = [];
    let answer = await call(side, { method: 'GET', path: pathOf(operation, '', '', { ...asked, ...query }) });
    pages.push(tell(answer));
    for (
      let more = textOf(metadataOf(answer.body), 'continue');
      more;
      more = textOf(metadataOf(answer.body), 'continue')
    ) {
      if (changeBetween && pages.length === 1) {
        const name = `${namespace}-between`;
        const object = edited(templateOf(kind, name), []);
        const path = { ...operation, query: {} };
        await call(side, {
          method: 'POST',
          path: pathOf(path),
          body: JSON.stringify(object),
          contentType: 'application/json',
        });
        await call(side, { method: 'DELETE', path: pathOf(path, 'b') });
      }
      const { resourceVersionMatch: _, ...rest } = query;
      answer = await call(side, { method: 'GET', path: pathOf(operation, '', '', { ...rest, continue: more }) });
      pages.push(tell(answer));
    }
    return { code: answer.code, warnings: [], body: pages };
  };

  const watch = async (operation: Of<'watch'>): Promise<Outcome> => {
    const { kind, from, query, sentinel } = operation;
    const object = templateOf(kind, sentinel);
    const made = await call(side, {
      method: 'POST',
      path: pathOf(operation),
      body: JSON.stringify(object),
      contentType: 'application/json',
    });
    if (made.code !== 201) return tell(made);
    const since = {
      start: { resourceVersion: start },
      none: {},
      zero: { resourceVersion: '0' },
      initial: { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' },
    }[from];
    const isLast = ({ type, object: seen }: WatchEvent) =>
      type === 'ERROR' || (from === 'initial' ? type === 'BOOKMARK' : metadataOf(seen).name === sentinel);
    const answer = await watchUntil(side, pathOf(operation, '', '', { watch: 'true', ...since, ...query }), isLast);
    if (!('events' in answer)) return tell({ code: answer.code, body: answer.body, warnings: [] });
    // Numbered in an order of their own, since objects interleave as they like.
    const history = byObject(answer.events.map(withoutContent));
    const named = Object.entries(history).map(
      ([name, events]) => [normalizer.normalize(name) as string, events] as const,
    );
    const sorted = named.sort(([left], [right]) => (left < right ? -1 : 1));
    const body = sorted.map(([name, events]) => [name, normalizer.normalize(events)]);
    return { code: answer.code, warnings: [], body };
  };

  return {
    async begin() {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
      const { body, code } = await call(side, {
        method: 'POST',
        path: '/api/v1/namespaces',
        body: JSON.stringify(object),
        contentType: 'application/json',
      });
      if (code !== 201) throw new Error(`${side.name} made no namespace: ${JSON.stringify(body)}`);
      start = textOf(metadataOf(body), 'resourceVersion') ?? '';
    },
    execute(operation) {
      switch (operation.verb) {
        case 'create':
          return create(operation);
        case 'update':
          return update(operation);
        case 'patch':
          return patch(operation);
        case 'delete':
          return remove(operation);
        case 'deleteCollection':
          return send(operation, 'DELETE', '', operation.body);
        case 'get':
          return send(operation, 'GET', operation.name, undefined);
        case 'list':
          return list(operation);
        case 'watch':
          return watch(operation);
      }
    },
  };
}
