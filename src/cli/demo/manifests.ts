import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { AnalysisTemplate, Rollout } from '../../api/index.ts';
import { pauseStepSeconds } from '../../api/index.ts';
import type { KubeObject } from '../../api/kubernetes.ts';
import { messageOf } from '../../errors.ts';

/** A team's manifests, and what the demo has to know of them. */
export interface Manifests {
  /** By path in the folder. */
  files: Record<string, string>;
  rollout: Rollout;
  /** The file that holds the Rollout. */
  rolloutFile: string;
  image: string;
  /** `host:port` of every Prometheus that a template names. */
  prometheus: string[];
}

async function manifestFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`--manifests ${folder} is no folder that can be read: ${messageOf(error)}`);
  });
  const files = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name));
  const read = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [relative(folder, path), await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

function objectsOf(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

function addressesOf(template: AnalysisTemplate): string[] {
  return (template.spec.metrics ?? []).flatMap(({ provider }) => {
    const address = provider.prometheus?.address;
    if (!address || !URL.canParse(address)) return [];
    const { hostname, port, protocol } = new URL(address);
    return [`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`];
  });
}

/** Reads a folder of manifests with exactly one Rollout. */
export async function readManifests(folder: string): Promise<Manifests> {
  return manifestsOf(await manifestFiles(folder), folder);
}

/** `folder` is where they are said to be, should there be something wrong with them. */
export function manifestsOf(files: Record<string, string>, folder: string): Manifests {
  const found = Object.entries(files).flatMap(([path, text]) => objectsOf(text).map((object) => ({ path, object })));
  const rollouts = found.filter(({ object }) => object?.kind === 'Rollout');
  const [only] = rollouts;
  if (!only || rollouts.length > 1) {
    throw new Error(
      `${folder} holds ${rollouts.length} Rollouts in its YAML and JSON files: the demo plays exactly one`,
    );
  }
  const rollout = only.object as Rollout;
  const image = rollout.spec.template?.spec?.containers[0]?.image;
  if (!image)
    throw new Error(
      `${only.path}: spec.template.spec.containers[0].image is missing: the demo releases by changing it`,
    );
  const templates = found.filter(({ object }) => /^(Cluster)?AnalysisTemplate$/.test(object?.kind ?? ''));
  const prometheus = [...new Set(templates.flatMap(({ object }) => addressesOf(object as AnalysisTemplate)))];
  return { files, rollout, rolloutFile: only.path, image, prometheus };
}

/** The image's next version: the last number of its tag plus one. A digest goes, as it does with a release. */
export function nextImage(image: string): string {
  const [, name = image, tag = ''] = /^(.+?)(?::([\w.-]+))?(?:@[\w:]+)?$/.exec(image) ?? [];
  const bumped = tag.replace(/(\d+)(?!.*\d)/, (digits) => String(Number(digits) + 1));
  return `${name}:${bumped === tag ? `${tag || 'v1'}-next` : bumped}`;
}

/** The file with another image for the Rollout's first container, and not one other byte changed. */
export function withImage(text: string, image: string): string {
  for (const document of parseAllDocuments(text)) {
    if (document.get('kind') !== 'Rollout') continue;
    const containers = document.getIn(['spec', 'template', 'spec', 'containers']);
    const first = isSeq(containers) ? containers.items[0] : undefined;
    const node = isMap(first) ? first.get('image', true) : undefined;
    if (!isScalar(node) || !node.range) break;
    const [start, end] = node.range;
    return text.slice(0, start) + image + text.slice(end);
  }
  throw new Error('the Rollout has no image to change');
}

/** About how many world seconds one release takes. */
export function releaseSeconds({ spec }: Rollout): number {
  const steps = spec.strategy?.canary?.steps ?? [];
  return steps.reduce((sum, step) => sum + (step.pause ? (pauseStepSeconds(step) ?? 20) : 10), 30);
}

/** World seconds of the longest timed pause. */
export function longestPause({ spec }: Rollout): number {
  const steps = spec.strategy?.canary?.steps ?? [];
  return Math.max(0, ...steps.map((step) => pauseStepSeconds(step) ?? 0));
}
