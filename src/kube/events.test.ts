import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event, KubeObject } from '../api/kubernetes.ts';
import { silentLog } from '../log.ts';
import type { KubeConnection } from './client.ts';
import { createEventRecorder, type EventLimits, type EventRecord } from './events.ts';
import { createKubeClient } from './http-client.ts';
import { reply, startTestServer, status, type TestServer } from './test-server.ts';

const COLLECTION = '/api/v1/namespaces/shop/events';
const AT = Date.parse('2026-01-02T03:04:05.678Z');

const rollout: KubeObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '7' },
};

let server: TestServer;
let client: KubeConnection;

beforeEach(async () => {
  server = await startTestServer();
  client = createKubeClient({ config: server.config, log: silentLog(), userAgent: 'test' });
});

afterEach(async () => {
  client.close();
  await server.stop();
});

function recorder(limits: Partial<EventLimits> = {}, isCrowded = () => false) {
  return createEventRecorder({ client, log: silentLog(), component: 'headgate', limits, isCrowded });
}

function event(message: string, more: Partial<EventRecord> = {}): EventRecord {
  return { object: rollout, type: 'Normal', reason: 'Stepped', message, at: AT, ...more };
}

const made = () => server.list(COLLECTION) as Event[];

const another = { ...rollout, metadata: { ...rollout.metadata, uid: 'u2' } };
const messagesOf = (uid: string) =>
  made()
    .filter(({ involvedObject }) => involvedObject.uid === uid)
    .map(({ message }) => message);

describe('recording events', () => {
  it('says what happened to what', async () => {
    const events = recorder();
    events.record(event('step 1'));
    await events.stop();
    expect(made()).toHaveLength(1);
    expect(made()[0]).toMatchObject({
      metadata: { namespace: 'shop' },
      involvedObject: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        namespace: 'shop',
        name: 'web',
        uid: 'u1',
        resourceVersion: '7',
      },
      type: 'Normal',
      reason: 'Stepped',
      message: 'step 1',
      source: { component: 'headgate' },
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
      count: 1,
    });
  });

  it('gives way to a crowd, and comes in order when it is over', async () => {
    let isCrowded = true;
    const events = recorder({}, () => isCrowded);
    events.record(event('step 1'));
    events.record(event('step 2'));
    await sleep(300);
    expect(made()).toEqual([]);
    isCrowded = false;
    await expect.poll(() => messagesOf('u1')).toEqual(['step 1', 'step 2']);
    await events.stop();
  });

  it('gives way to a crowd that does not end for so long and no longer, and not at all at the end', async () => {
    const events = recorder({ patienceMilliseconds: 150 }, () => true);
    events.record(event('step 1'));
    await expect.poll(() => messagesOf('u1')).toEqual(['step 1']);
    const patient = recorder({}, () => true);
    patient.record(event('step 2'));
    await patient.stop();
    expect(messagesOf('u1')).toEqual(['step 1', 'step 2']);
    await events.stop();
  });

  it('counts what is the same within a while, and begins anew after it', async () => {
    const events = recorder({ sameMilliseconds: 60_000 });
    events.record(event('same'));
    events.record(event('same', { at: AT + 30_000 }));
    events.record(event('other'));
    events.record(event('same', { at: AT + 90_000 }));
    await events.stop();
    expect(made().map(({ message, count }) => [message, count])).toEqual([
      ['same', 2],
      ['other', 1],
      ['same', 1],
    ]);
    expect(made()[0]?.lastTimestamp).toBe('2026-01-02T03:04:35Z');
  });

  it('makes an event again that the server has forgotten', async () => {
    const events = recorder();
    events.record(event('same'));
    await expect.poll(() => made().length, { interval: 2 }).toBe(1);
    for (const old of made()) server.remove(COLLECTION, old);
    events.record(event('same'));
    await events.stop();
    expect(made()).toHaveLength(1);
  });

  it('drops what one object has too much of, and fills up with time', async () => {
    const events = recorder({ burst: 2, refillMilliseconds: 1_000 });
    for (let i = 0; i < 5; i++) events.record(event(`burst ${i}`));
    events.record(event('of another', { object: another }));
    events.record(event('later', { at: AT + 1_000 }));
    await events.stop();
    expect(messagesOf('u1')).toEqual(['burst 0', 'burst 1', 'later']);
    expect(messagesOf('u2')).toEqual(['of another']);
  });

  it('loses none of what a thousand objects have to tell at once, each in its order', async () => {
    const objects = Array.from({ length: 1_000 }, (_, index) => `u${index}`);
    const events = recorder({ flushMilliseconds: 60_000 });
    for (const step of ['one', 'two', 'three'])
      for (const uid of objects)
        events.record(event(step, { object: { ...rollout, metadata: { ...rollout.metadata, uid } } }));
    await events.stop();
    expect(made()).toHaveLength(3_000);
    expect(messagesOf('u0')).toEqual(['one', 'two', 'three']);
    expect(messagesOf('u999')).toEqual(['one', 'two', 'three']);
  });

  it('drops what the queue cannot hold, and never waits', async () => {
    server.intercept = () => true;
    const events = recorder({ queued: 3, flushMilliseconds: 20 });
    for (let i = 0; i < 10; i++) events.record(event(`e${i}`));
    await events.stop();
    expect(server.requests).toHaveLength(1);
    events.record(event('after the end'));
    expect(server.requests).toHaveLength(1);
  });

  it('sends again what an outage kept back, in order', async () => {
    let failures = 0;
    server.intercept = (_, response) => {
      if (++failures > 2) return false;
      if (failures === 1) response.destroy();
      else reply(response, 503, {});
      return true;
    };
    const events = recorder();
    events.record(event('first'));
    events.record(event('second'));
    await events.stop();
    expect(made().map(({ message }) => message)).toEqual(['first', 'second']);
  });

  it('gives up what is refused, and goes on', async () => {
    server.intercept = ({ body }, response) => {
      if ((body as Event).message !== 'refused') return false;
      reply(response, 403, status(403, 'Forbidden', 'the namespace is being terminated'));
      return true;
    };
    const events = recorder();
    events.record(event('refused'));
    events.record(event('good'));
    await events.stop();
    expect(made().map(({ message }) => message)).toEqual(['good']);
    expect(server.requests).toHaveLength(2);
  });

  it('keeps within what an API server takes', async () => {
    const events = recorder();
    const name = 'n'.repeat(253);
    events.record(event('m'.repeat(5_000), { object: { ...rollout, metadata: { ...rollout.metadata, name } } }));
    await events.stop();
    expect(made()[0]?.message).toHaveLength(1_024);
    expect(made()[0]?.metadata.name.length).toBeLessThanOrEqual(253);
  });
});
