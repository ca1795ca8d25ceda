/** Everything that is not an object: version, health, discovery, OpenAPI. */
import type { ServerResponse } from 'node:http';
import { aggregatedDiscovery, groupDocument, groupList, legacyVersions, resourceList } from './discovery.ts';
import { openApiDocument, openApiIndex, swagger } from './openapi.ts';

const VERSION = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.4-sandbox',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'sandbox',
};

const HEALTH = new Set(['/healthz', '/readyz', '/livez']);

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export function answerDocument(url: URL, accept: string, response: ServerResponse): void {
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
  const isDiscovery = path === '/api' || path === '/apis';
  if (HEALTH.has(path)) sendText(response, 200, 'ok');
  else if (isDiscovery && accept.includes('as=APIGroupDiscoveryList') && accept.includes('v=v2;')) {
    sendDocument(response, aggregatedDiscovery(path === '/api'), AGGREGATED);
  } else if (path === '/openapi/v2' && accept.includes('protobuf') && !accept.includes('application/json')) {
    // Clients that only read protobuf are told so, and go on without.
    sendText(response, 406, 'only application/json is served');
  } else {
    const document = find(path);
    if (document) sendDocument(response, document, 'application/json');
    else sendText(response, 404, '404 page not found');
  }
}

function find(path: string): object | undefined {
  switch (path) {
    case '/':
      return {
        paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
      };
    case '/version':
      return VERSION;
    case '/api':
      return legacyVersions();
    case '/apis':
      return groupList();
    case '/openapi/v2':
      return swagger();
    case '/openapi/v3':
      return openApiIndex();
  }
  const [root, group = '', version, ...rest] = path.slice(1).split('/');
  if (root === 'openapi') return openApiDocument(path.slice('/openapi/v3/'.length));
  if (rest.length > 0) return undefined;
  if (root === 'api' && version === undefined) return resourceList('', group);
  if (root !== 'apis') return undefined;
  return version === undefined ? groupDocument(group) : resourceList(group, version);
}

function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function sendDocument(response: ServerResponse, document: object, type: string): void {
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(document));
}
