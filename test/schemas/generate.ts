/**
 * Writes the excerpts in testdata/: of what vendors publish of their APIs, the operations and types that Headgate calls and nothing
 * else. It is run by hand when a host asks for something new, with the packages unpacked (`npm pack NAME@VERSION`, `tar xzf`):
 *
 *     node test/schemas/generate.ts OPENAPI_FOLDER GRAPHQL_FOLDER GITEA_FOLDER
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = Record<string, unknown>;
const fields = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

/** Of GitHub's REST API. */
const OPERATIONS: Record<string, string[]> = {
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/installation': ['get'],
  '/app/installations/{installation_id}/access_tokens': ['post'],
  '/repos/{owner}/{repo}/git/ref/{ref}': ['get'],
  '/repos/{owner}/{repo}/git/commits/{commit_sha}': ['get'],
  '/repos/{owner}/{repo}/rules/branches/{branch}': ['get'],
  '/repos/{owner}/{repo}/git/blobs': ['post'],
  '/repos/{owner}/{repo}/git/trees': ['post'],
  '/repos/{owner}/{repo}/git/commits': ['post'],
  '/repos/{owner}/{repo}/git/refs': ['post'],
  '/repos/{owner}/{repo}/git/refs/{ref}': ['delete'],
  '/repos/{owner}/{repo}/statuses/{sha}': ['post'],
  '/repos/{owner}/{repo}/pulls': ['get', 'post'],
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['patch'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/merge': ['put'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/labels': ['post'],
};

/** Of GitHub's GraphQL API, by type. Input types and enumerations come whole. */
const FIELDS: Record<string, string[]> = {
  Query: ['repository'],
  Mutation: [
    ...['createCommitOnBranch', 'updateRefs', 'addComment', 'updateIssueComment', 'enablePullRequestAutoMerge'],
    ...['disablePullRequestAutoMerge', 'enqueuePullRequest', 'dequeuePullRequest'],
  ],
  Repository: [
    ...['id', 'nameWithOwner', 'ref', 'object', 'pullRequest', 'autoMergeAllowed', 'mergeCommitAllowed'],
    ...['squashMergeAllowed', 'rebaseMergeAllowed'],
  ],
  GitObject: ['oid'],
  Commit: ['oid', 'url', 'message', 'tree', 'associatedPullRequests'],
  Tree: ['oid'],
  PullRequestConnection: ['nodes'],
  PullRequest: [
    ...['id', 'number', 'url', 'title', 'state', 'isDraft', 'mergedAt', 'baseRefName', 'baseRepository', 'mergeCommit'],
    ...['author', 'latestReviews', 'reviewRequests', 'comments', 'commits', 'mergeStateStatus', 'isMergeQueueEnabled'],
    ...['isInMergeQueue', 'headRef', 'autoMergeRequest'],
  ],
  Actor: ['login'],
  User: ['login'],
  RequestedReviewer: [],
  PullRequestReviewConnection: ['nodes'],
  PullRequestReview: ['state', 'author'],
  ReviewRequestConnection: ['nodes'],
  ReviewRequest: ['requestedReviewer'],
  IssueCommentConnection: ['nodes', 'pageInfo'],
  IssueComment: ['id', 'url', 'body', 'viewerDidAuthor'],
  IssueCommentEdge: ['node'],
  PageInfo: ['hasNextPage', 'endCursor'],
  PullRequestCommitConnection: ['nodes'],
  PullRequestCommit: ['commit'],
  Ref: ['target'],
  AutoMergeRequest: ['enabledAt'],
  CreateCommitOnBranchPayload: ['commit'],
  UpdateRefsPayload: ['clientMutationId'],
  AddCommentPayload: ['commentEdge'],
  UpdateIssueCommentPayload: ['issueComment'],
  EnablePullRequestAutoMergePayload: ['clientMutationId'],
  DisablePullRequestAutoMergePayload: ['clientMutationId'],
  EnqueuePullRequestPayload: ['clientMutationId'],
  DequeuePullRequestPayload: ['clientMutationId'],
};

/** An answer's objects below this depth count as any object: they hold whole users and repositories. */
const DEPTH = 3;
const KEPT = ['type', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'maxItems', 'minItems'];

/** OpenAPI 3.0 as JSON schema, with references resolved. `isAnswer`: what is not given is not missed, what is not known is. */
function schemaOf(root: Json, given: unknown, isAnswer: boolean, depth = 0): Json {
  const { $ref, ...own } = fields(given);
  if (typeof $ref === 'string') {
    const target = $ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, key) => fields(at)[key], root);
    return schemaOf(root, target, isAnswer, depth);
  }
  const several = ['oneOf', 'anyOf', 'allOf'].find((key) => Array.isArray(own[key]));
  const within = (part: unknown, more = 0) => schemaOf(root, part, isAnswer, depth + more);
  const schema: Json = Object.fromEntries(KEPT.flatMap((key) => (own[key] === undefined ? [] : [[key, own[key]]])));
  // Where an answer may be of several kinds, the properties of each may be there.
  if (several) schema.anyOf = (own[several] as unknown[]).map((part) => within(part));
  if (own.items !== undefined) schema.items = within(own.items);
  if (own.properties !== undefined && depth < DEPTH) {
    schema.properties = Object.fromEntries(
      Object.entries(fields(own.properties)).map(([name, part]) => [name, within(part, 1)]),
    );
    if (!isAnswer && own.required !== undefined) schema.required = own.required;
    if (own.additionalProperties === undefined && !several) schema.additionalProperties = false;
  }
  if (own.nullable === true) return { anyOf: [schema, { type: 'null' }] };
  return schema;
}

const ERROR: Json = {
  type: 'object',
  properties: { message: { type: 'string' }, errors: { type: 'array' }, documentation_url: { type: 'string' } },
  required: ['message'],
};

function answersOf(root: Json, responses: unknown): Json {
  const entries = Object.entries(fields(responses)).map(([status, given]) => {
    const { $ref } = fields(given);
    const name = typeof $ref === 'string' ? $ref.split('/').at(-1) : undefined;
    const response = name ? fields(fields(root.components).responses)[name] : given;
    const content = fields(fields(response).content)['application/json'];
    // What errors hold besides is documented here and there only.
    if (Number(status) >= 300) return [status, content ? ERROR : null];
    return [status, content ? schemaOf(root, fields(content).schema, true) : null];
  });
  return Object.fromEntries(entries);
}

function operationOf(root: Json, path: string, method: string): Json {
  const operation = fields(fields(fields(root.paths)[path])[method]);
  const parameters = (Array.isArray(operation.parameters) ? operation.parameters : []).map((given) => {
    const name = fields(given).$ref;
    return typeof name === 'string'
      ? fields(fields(root.components).parameters)[String(name.split('/').at(-1))]
      : given;
  });
  const query = parameters.filter((each) => fields(each).in === 'query');
  const body = fields(fields(fields(operation.requestBody).content)['application/json']).schema;
  return {
    path,
    method: method.toUpperCase(),
    query: Object.fromEntries(query.map((each) => [fields(each).name, schemaOf(root, fields(each).schema, false)])),
    ...(body === undefined ? {} : { body: schemaOf(root, body, false) }),
    answers: answersOf(root, operation.responses),
  };
}

function rest(folder: string): Json {
  const root = JSON.parse(readFileSync(join(folder, 'generated/api.github.com.json'), 'utf8'));
  const operations = Object.entries(OPERATIONS).flatMap(([path, methods]) =>
    methods.map((method) => operationOf(root, path, method)),
  );
  return { operations };
}

/** A type as the language spells it: `[String!]!`. */
function spelled(type: unknown): string {
  const { kind, name, ofType } = fields(type);
  if (kind === 'NON_NULL') return `${spelled(ofType)}!`;
  return kind === 'LIST' ? `[${spelled(ofType)}]` : String(name);
}

const spelledAll = (list: unknown) =>
  Object.fromEntries(((list ?? []) as Json[]).map(({ name, type }) => [name, spelled(type)]));

function graphql(folder: string): Json {
  const schema = JSON.parse(readFileSync(join(folder, 'schema.json'), 'utf8'));
  const all = new Map<string, Json>(
    (schema.__schema ?? schema.data.__schema).types.map((type: Json) => [String(type.name), type]),
  );
  const types: Json = {};
  const add = (text: string) => {
    const name = text.replaceAll(/[[\]!]/g, '');
    const { kind, inputFields, enumValues } = all.get(name) ?? {};
    if (types[name] !== undefined || (kind !== 'INPUT_OBJECT' && kind !== 'ENUM')) return;
    if (kind === 'ENUM') types[name] = { values: (enumValues as Json[]).map((each) => each.name) };
    else {
      const inputs = spelledAll(inputFields);
      types[name] = { inputs };
      for (const type of Object.values(inputs)) add(String(type));
    }
  };
  for (const [name, wanted] of Object.entries(FIELDS)) {
    const type = all.get(name);
    if (!type) throw new Error(`there is no type ${name}`);
    const own = (type.fields ?? []) as Json[];
    const found = wanted.map((field) => {
      const known = own.find((each) => each.name === field);
      if (!known) throw new Error(`${name} has no field ${field}`);
      const args = spelledAll(known.args);
      for (const arg of [...Object.values(args), spelled(known.type)]) add(String(arg));
      return [field, { type: spelled(known.type), args }];
    });
    types[name] = {
      fields: Object.fromEntries(found),
      ...(type.possibleTypes ? { possible: (type.possibleTypes as Json[]).map((each) => each.name) } : {}),
    };
  }
  return { types };
}

function write(file: string, folder: string, excerpt: Json) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const source = `excerpt of ${name}@${version} from the npm registry, licence ${license}; made by test/schemas/generate.ts`;
  writeFileSync(join(import.meta.dirname, 'testdata', file), `${JSON.stringify({ source, ...excerpt })}\n`);
}

/** Of Gitea's API: what is sent and what is answered with success; the types are generated from its own description. */
const GITEA: [method: string, path: string, body: string | undefined, status: number, answer: string | undefined][] = [
  ['GET', '/user', undefined, 200, 'User'],
  ['GET', '/repos/{owner}/{repo}/branches/{branch}', undefined, 200, 'Branch'],
  ['POST', '/repos/{owner}/{repo}/branches', 'CreateBranchRepoOption', 201, 'Branch'],
  ['DELETE', '/repos/{owner}/{repo}/branches/{branch}', undefined, 204, undefined],
  ['POST', '/repos/{owner}/{repo}/contents', 'ChangeFilesOptions', 201, 'FilesResponse'],
  ['POST', '/repos/{owner}/{repo}/statuses/{sha}', 'CreateStatusOption', 201, 'CommitStatus'],
  ['GET', '/repos/{owner}/{repo}/commits/{sha}/pull', undefined, 200, 'PullRequest'],
  ['GET', '/repos/{owner}/{repo}/pulls/{index}', undefined, 200, 'PullRequest'],
  ['POST', '/repos/{owner}/{repo}/pulls', 'CreatePullRequestOption', 201, 'PullRequest'],
  ['PATCH', '/repos/{owner}/{repo}/pulls/{index}', 'EditPullRequestOption', 201, 'PullRequest'],
  ['POST', '/repos/{owner}/{repo}/pulls/{index}/merge', 'MergePullRequestOption', 200, undefined],
  ['DELETE', '/repos/{owner}/{repo}/pulls/{index}/merge', undefined, 204, undefined],
  ['POST', '/repos/{owner}/{repo}/pulls/{index}/requested_reviewers', 'PullReviewRequestOptions', 201, 'PullReview[]'],
  ['GET', '/repos/{owner}/{repo}/pulls/{index}/reviews', undefined, 200, 'PullReview[]'],
  ['POST', '/repos/{owner}/{repo}/pulls/{index}/reviews', 'CreatePullReviewOptions', 200, 'PullReview'],
  ['POST', '/repos/{owner}/{repo}/issues/{index}/labels', 'IssueLabelsOption', 200, 'Label[]'],
  ['POST', '/repos/{owner}/{repo}/labels', 'CreateLabelOption', 201, 'Label'],
  ['GET', '/repos/{owner}/{repo}/issues/{index}/comments', undefined, 200, 'Comment[]'],
  ['POST', '/repos/{owner}/{repo}/issues/{index}/comments', 'CreateIssueCommentOption', 201, 'Comment'],
  ['PATCH', '/repos/{owner}/{repo}/issues/comments/{id}', 'EditIssueCommentOption', 200, 'Comment'],
];

/** A type of a declaration file as JSON schema. `isAnswer`: what is not given is not missed, and Go's empty lists and pointers are null. */
function declaredSchema(text: string, type: string, isAnswer: boolean, depth = 0): Json {
  const orNull = (schema: Json): Json => (isAnswer ? { anyOf: [schema, { type: 'null' }] } : schema);
  const named = type.trim();
  if (named.endsWith('[]'))
    return orNull({ type: 'array', items: declaredSchema(text, named.slice(0, -2), isAnswer, depth) });
  if (['string', 'number', 'boolean'].includes(named)) return { type: named };
  if (/^'[^']*'( \| '[^']*')*$/.test(named)) return { enum: [...named.matchAll(/'([^']*)'/g)].map(([, word]) => word) };
  const alias = new RegExp(`^type ${named} = (.*);$`, 'm').exec(text)?.[1];
  if (alias !== undefined) return declaredSchema(text, alias, isAnswer, depth);
  const body = new RegExp(`^interface ${named} \\{\n([\\s\\S]*?)^\\}`, 'm').exec(text)?.[1];
  if (body === undefined || depth >= DEPTH) return {};
  const members = [...body.matchAll(/^ {4}(\w+)(\??): (.*);$/gm)];
  const properties = members.map(([, name, , of = '']) => [name, declaredSchema(text, of, isAnswer, depth + 1)]);
  const required = members.filter(([, , mark]) => mark === '').map(([, name]) => name);
  return orNull({
    type: 'object',
    properties: Object.fromEntries(properties),
    additionalProperties: false,
    ...(isAnswer ? {} : { required }),
  });
}

function gitea(folder: string): Json {
  const text = readFileSync(join(folder, 'dist/index.d.ts'), 'utf8');
  const operations = GITEA.map(([method, path, body, status, answer]) => ({
    method,
    path,
    query: { page: { type: 'integer' }, limit: { type: 'integer' } },
    ...(body ? { body: declaredSchema(text, body, false) } : {}),
    answers: { [status]: answer ? declaredSchema(text, answer, true) : null },
  }));
  return { operations };
}

const [openapi = '', schema = '', giteaTypes = ''] = process.argv.slice(2);
write('github-rest.json', openapi, rest(openapi));
write('github-graphql.json', schema, graphql(schema));
write('gitea.json', giteaTypes, gitea(giteaTypes));
