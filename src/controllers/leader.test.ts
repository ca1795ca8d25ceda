import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../api/kubernetes.ts';
import type { KubeConnection } from '../kube/client.ts';
import { createKubeClient } from '../kube/http-client.ts';
import { reply, startTestServer, type TestServer } from '../kube/test-server.ts';
import { silentLog } from '../log.ts';
import { createLeaderElection, type LeaderElection, type LeaderTiming } from './leader.ts';

const COLLECTION = '/apis/coordination.k8s.io/v1/namespaces/headgate/leases';
const QUICK: LeaderTiming = { leaseSeconds: 0.8, renewSeconds: 0.5, retrySeconds: 0.04 };

let server: TestServer;
let candidates: { election: LeaderElection; client: KubeConnection }[];

beforeEach(async () => {
  server = await startTestServer();
  candidates = [];
});

afterEach(async () => {
  server.intercept = undefined;
  for (const { election, client } of candidates) {
    await election.stop();
    client.close();
  }
  await server.stop();
});

function candidate(identity: string, timing: Partial<LeaderTiming> = {}) {
  const client = createKubeClient({ config: server.config, log: silentLog(), userAgent: identity });
  const told: string[] = [];
  const election = createLeaderElection({
    client,
    namespace: 'headgate',
    name: 'controller',
    identity,
    log: silentLog(),
    onStarted: () => told.push('started'),
    onLost: (reason) => told.push(`lost: ${reason}`),
    timing: { ...QUICK, ...timing },
  });
  candidates.push({ election, client });
  return { election, told };
}

const lease = () => server.get(COLLECTION, 'controller') as Lease | undefined;

/** A lease whose holder does nothing more. */
function abandoned(holderIdentity: string, leaseDurationSeconds: number, renewTime = '2020-01-01T00:00:00.000000Z') {
  const spec = { holderIdentity, leaseDurationSeconds, renewTime, leaseTransitions: 3 };
  const made: Lease = { metadata: { name: 'controller', namespace: 'headgate' }, spec };
  server.put(COLLECTION, made);
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 2 }).toBe(true);
}

describe('taking the lease', () => {
  it('makes it where there is none, and renews it', async () => {
    const { election, told } = candidate('a');
    election.start();
    await until(() => election.isLeader);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 0.8, leaseTransitions: 0 });
    expect(lease()?.spec.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const acquired = lease()?.spec.acquireTime;
    const version = lease()?.metadata.resourceVersion;
    await until(() => lease()?.metadata.resourceVersion !== version);
    expect(lease()?.spec.acquireTime).toBe(acquired);
    expect(told).toEqual(['started']);
  });

  it('goes to one of two', async () => {
    const a = candidate('a');
    const b = candidate('b');
    a.election.start();
    b.election.start();
    await until(() => a.election.isLeader || b.election.isLeader);
    await sleep(500);
    expect([...a.told, ...b.told]).toEqual(['started']);
  });

  it('is immediate for the identity that holds it', async () => {
    abandoned('a', 3_000_000);
    const { election } = candidate('a');
    const begun = performance.now();
    election.start();
    await until(() => election.isLeader);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(lease()?.spec.leaseTransitions).toBe(3);
  });

  it('takes the whole duration without a change, however old the lease says it is', async () => {
    abandoned('gone', 0.3);
    const { election } = candidate('a');
    const begun = performance.now();
    election.start();
    await until(() => election.isLeader);
    expect(performance.now() - begun).toBeGreaterThan(295);
    expect(lease()?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 4 });
  });

  it('waits for a duration that no timer can count', async () => {
    abandoned('b', 2_000_000_000);
    const { election } = candidate('a');
    election.start();
    await sleep(100);
    expect(election.isLeader).toBe(false);
  });

  it('leaves a holder alone whose clock is far behind, as long as it renews', async () => {
    const { election } = candidate('a');
    abandoned('b', 0.5);
    election.start();
    for (let i = 10; i < 25; i++) {
      abandoned('b', 0.5, `2001-01-01T00:00:${i}.000000Z`);
      await sleep(50);
    }
    expect(election.isLeader).toBe(false);
  });

  it('is immediate once the holder has given it back', async () => {
    const a = candidate('a', { leaseSeconds: 60 });
    const b = candidate('b', { leaseSeconds: 60 });
    a.election.start();
    await until(() => a.election.isLeader);
    b.election.start();
    await sleep(100);
    expect(b.election.isLeader).toBe(false);
    await a.election.stop();
    expect(a.told).toEqual(['started']);
    await until(() => b.election.isLeader);
  });
});

describe('losing the lease', () => {
  it('outlives an outage that is shorter than the renew deadline', async () => {
    const { election, told } = candidate('a');
    election.start();
    await until(() => election.isLeader);
    server.intercept = (_, response) => {
      reply(response, 503, {});
      return true;
    };
    await sleep(120);
    server.intercept = undefined;
    await sleep(300);
    expect(told).toEqual(['started']);
  });

  it.each([
    ['answers with errors', true],
    ['does not answer at all', false],
  ])('ends by itself, before anyone else may begin, when the API server %s', async (_, answers) => {
    const a = candidate('a');
    const b = candidate('b');
    a.election.start();
    await until(() => a.election.isLeader);
    b.election.start();
    await sleep(50);
    let lostAt = 0;
    let beganAt = 0;
    server.intercept = ({ headers }, response) => {
      if (headers['user-agent'] !== 'a') return false;
      if (answers) reply(response, 500, {});
      return true;
    };
    await until(() => {
      if (a.told.length > 1) lostAt ||= performance.now();
      if (b.election.isLeader) beganAt ||= performance.now();
      return lostAt > 0 && beganAt > 0;
    });
    expect(a.told).toEqual(['started', 'lost: the lease could not be renewed in time']);
    expect(a.election.isLeader).toBe(false);
    expect(lostAt).toBeLessThan(beganAt);
  });

  it('ends at once when someone else holds it', async () => {
    const { election, told } = candidate('a');
    election.start();
    await until(() => election.isLeader);
    abandoned('thief', 60);
    await until(() => told.length === 2);
    expect(told[1]).toBe('lost: thief holds the lease');
    await sleep(100);
    expect(lease()?.spec.holderIdentity).toBe('thief');
  });

  it('is known to a process that stood still before it asks for anything', async () => {
    const { election, told } = candidate('a');
    election.start();
    await until(() => election.isLeader);
    election.check();
    expect(told).toEqual(['started']);
    // No timer fires and no answer is read meanwhile, as after a SIGSTOP.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, QUICK.renewSeconds * 1000);
    election.check();
    expect(told).toEqual(['started', 'lost: the lease could not be renewed in time']);
    expect(election.isLeader).toBe(false);
  });

  it('does not begin on an answer that came after the renew deadline', async () => {
    const { election, told } = candidate('a', { renewSeconds: 0.05 });
    let delayed = false;
    server.intercept = ({ method, path, body }, response) => {
      if (method !== 'POST' || delayed) return false;
      delayed = true;
      const made = server.put(path, body as Lease);
      setTimeout(() => reply(response, 201, made), 120);
      return true;
    };
    election.start();
    await until(() => told.length > 0);
    // The late answer said that the lease is ours; leading began only with the renewal after it.
    expect(server.requests.map(({ method }) => method)).toContain('PUT');
  });
});

describe('stopping', () => {
  it('asks nothing more, also when it never led', async () => {
    abandoned('other', 60);
    const { election, told } = candidate('a');
    election.start();
    await sleep(50);
    await election.stop();
    const asked = server.requests.length;
    await sleep(100);
    expect(server.requests.length).toBe(asked);
    expect(told).toEqual([]);
    expect(lease()?.spec.holderIdentity).toBe('other');
  });

  it('is not held up by an API server that does not answer', async () => {
    const { election, told } = candidate('a');
    election.start();
    await until(() => election.isLeader);
    server.intercept = (_, response) => {
      response.destroy();
      return true;
    };
    await election.stop();
    expect(told).toEqual(['started']);
  });
});
