/** The kinds that the real server does not know by itself. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { KINDS } from './kinds.ts';
import { call, type Side } from './side.ts';

const OURS = new URL('../../../crds/', import.meta.url).pathname;
export async function installDefinitions(side: Side, gatewayFolder: string): Promise<void> {
  const files = [
    ...(await readdir(OURS)).map((name) => join(OURS, name)),
    join(gatewayFolder, 'gateway.networking.k8s.io_httproutes.yaml'),
  ];
  for (const file of files) {
    const definition = parse(await readFile(file, 'utf8')) as { metadata: { name: string } };
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}?fieldManager=stage`;
    const body = JSON.stringify(definition);
    const { code, body: answer } = await call(side, {
      method: 'PATCH',
      path,
      contentType: 'application/apply-patch+yaml',
      body,
    });
    if (code >= 300) throw new Error(`${file}: ${JSON.stringify(answer)}`);
  }
  // The first question makes the cache of a kind: what was before it cannot be watched.
  for (const { group, version, plural } of KINDS.filter(({ custom }) => custom)) {
    const path = `/apis/${group}/${version}/${plural}`;
    while ((await call(side, { method: 'GET', path })).code !== 200) await sleep(50);
  }
}
