import { describe, expect } from 'vitest';
import { POD_TEMPLATE_HASH } from '../../src/api/index.ts';
import { rollouts, services } from '../../src/kube/resources.ts';
import { worlds } from '../worlds/index.ts';
import type { TestWorld } from '../worlds/world.ts';
import {
  BAD,
  FIRST,
  GOOD,
  hashes,
  httpRouteYaml,
  installed,
  isAborted,
  isHealthy,
  isPaused,
  LATEST,
  NEWEST,
  released,
  rolloutYaml,
  servedDuring,
  serviceYaml,
  successRateYaml,
  untilWanted,
  wanted,
} from './fixtures.ts';
import { watched } from './noticed.ts';

/** Seconds for which pods stay after the switch, and after an abort. */
const DELAY = 8;

/** The shop with users on its active Service; `fields` are further ones of the strategy, in YAML's flow style. */
function shopYaml(world: TestWorld, fields: string, previewed = ''): string {
  const strategy = `
    blueGreen: { activeService: shop-active, previewService: shop-preview, scaleDownDelaySeconds: ${DELAY},
      abortScaleDownDelaySeconds: ${DELAY}, ${fields} }
  template:`;
  const rollout = rolloutYaml({ replicas: 3 }).replace(/\n {4}canary:[\s\S]*?\n {2}template:/, strategy);
  const route = httpRouteYaml(world, '{ name: shop-active, port: 80 }');
  return [serviceYaml('shop-active'), serviceYaml('shop-preview'), route, previewed, rollout]
    .filter(Boolean)
    .join('---');
}

/** Testers reach the preview under a host of their own. */
function previewRoute(world: TestWorld): string {
  return httpRouteYaml(world, '{ name: shop-preview, port: 80 }')
    .replace('{ name: shop }', '{ name: shop-preview }')
    .replace('hostnames: [shop.', 'hostnames: [preview.');
}

async function selected(world: TestWorld): Promise<Record<string, string | undefined>> {
  const all = await world.list(services);
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name, spec.selector?.[POD_TEMPLATE_HASH]]));
}

const tag = (image: string) => image.split(':')[1];
const judged = (field: string) => `${field}: { templates: [{ templateName: success-rate }], ${LATEST} }`;

describe.each(worlds)('in the $name', ({ it }) => {
  it('shows the new pods as a preview, leads users to them when a person says so, and keeps the old ones for a while', async ({
    world,
  }) => {
    const lost = await watched(world, shopYaml(world, 'autoPromotionEnabled: false'));
    await world.setImage('shop', GOOD);
    const paused = await world.until('shop', isPaused, 60);
    expect(paused.status?.message).toBe('BlueGreenPause');
    const { stable, latest } = await hashes(world);
    expect(await selected(world)).toEqual({ 'shop-active': stable, 'shop-preview': latest });
    expect(paused.status?.blueGreen?.activeSelector).toBe(stable);
    expect(await servedDuring(world, 3)).toEqual([tag(FIRST)]);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    expect(await selected(world)).toEqual({ 'shop-active': latest, 'shop-preview': latest });
    expect(await wanted(world)).toEqual({ [stable]: 3, [latest]: 3 });
    await world.pass(2);
    expect(await servedDuring(world, 3)).toEqual([tag(GOOD)]);
    await untilWanted(world, { [stable]: 0, [latest]: 3 });
    expect(lost()).toBe(0);
  });

  it('goes back at once while the old pods are there', async ({ world }) => {
    const yaml = shopYaml(world, 'scaleDownDelaySeconds: 120').replace(`scaleDownDelaySeconds: ${DELAY},`, '');
    const lost = await watched(world, yaml);
    const { stable } = await hashes(world);
    // Whole seconds tell which ReplicaSet is the older one.
    await world.pass(2);
    await world.setImage('shop', GOOD);
    await world.until('shop', (rollout) => isHealthy(rollout) && rollout.status?.stableRS !== stable, 60);
    await world.setImage('shop', FIRST);
    await world.until('shop', ({ status }) => status?.stableRS === stable, 20);
    expect((await selected(world))['shop-active']).toBe(stable);
    expect(lost()).toBe(0);
  });

  it('never leads users to a preview that is judged bad', async ({ world }) => {
    const yaml = [
      shopYaml(world, judged('prePromotionAnalysis'), previewRoute(world)),
      successRateYaml(
        world,
        'interval: 5s, initialDelay: 10s, count: 2, failureLimit: 0, successCondition: result >= 0.95',
      ),
    ].join('---');
    await released(world, yaml, BAD);
    const { status } = await world.until('shop', isAborted, 90);
    expect(status?.message).toMatch(
      /^RolloutAborted: Rollout aborted update to revision 2: Blue\/green pre-promotion analysis/,
    );
    const { stable, latest } = await hashes(world);
    expect((await selected(world))['shop-active']).toBe(stable);
    await untilWanted(world, { [stable]: 3, [latest]: 0 });
    expect(await selected(world)).toEqual({ 'shop-active': stable, 'shop-preview': stable });
  });

  it('takes users back when what they meet is judged bad', async ({ world }) => {
    const yaml = [
      shopYaml(world, judged('postPromotionAnalysis')),
      successRateYaml(
        world,
        'interval: 5s, initialDelay: 10s, count: 2, failureLimit: 0, successCondition: result >= 0.95',
      ),
    ].join('---');
    const lost = await watched(world, yaml);
    await world.setImage('shop', BAD);
    await world.until(
      'shop',
      ({ status }) =>
        status?.blueGreen?.activeSelector === status?.currentPodHash && status?.stableRS !== status?.currentPodHash,
      60,
    );
    const { status } = await world.until('shop', isAborted, 90);
    expect(status?.message).toContain('Blue/green post-promotion analysis phase error/failed');
    const { stable, latest } = await hashes(world);
    await world.untilTrue(async () => (await selected(world))['shop-active'] === stable, 20);
    await world.pass(2);
    expect(await servedDuring(world, 3)).toEqual([tag(FIRST)]);
    await untilWanted(world, { [stable]: 3, [latest]: 0 });
    expect(lost()).toBe(0);
  });

  it('makes a few pods for the preview, and the others once it is let through; a full promotion waits for nothing else', async ({
    world,
  }) => {
    const lost = await watched(world, shopYaml(world, 'previewReplicaCount: 1, autoPromotionEnabled: false'));
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { stable, latest } = await hashes(world);
    expect(await wanted(world)).toEqual({ [stable]: 3, [latest]: 1 });
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
    expect((await wanted(world))[latest]).toBe(3);
    await world.setImage('shop', NEWEST);
    await world.until('shop', isPaused, 60);
    await world.patchStatus('shop', { promoteFull: true });
    const { status } = await world.until('shop', isHealthy, 60);
    expect(status?.promoteFull ?? false).toBe(false);
    expect(lost()).toBe(0);
  });

  it('goes on as a canary when the strategy changes', async ({ world }) => {
    await installed(world, shopYaml(world, 'autoPromotionSeconds: 5'));
    const { stable } = await hashes(world);
    const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
    expect((await world.rollout('shop')).status?.blueGreen?.activeSelector).toBe(stable);
    await world.patch(rollouts, 'shop', { spec: { strategy: { blueGreen: null, canary } } });
    await world.setImage('shop', GOOD);
    await world.until('shop', isPaused, 60);
    const { latest } = await hashes(world);
    expect((await wanted(world))[latest]).toBe(2);
    await world.patchStatus('shop', { pauseConditions: null });
    await world.until('shop', isHealthy, 60);
  });
});
