import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../api/kubernetes.ts';
import { machineNow, steadyNow } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { isAlreadyExists, isConflict, type KubeClient } from '../kube/client.ts';
import { leases } from '../kube/resources.ts';
import type { Log } from '../log.ts';

export interface LeaderOptions {
  client: KubeClient;
  /** Where the Lease lives. */
  namespace: string;
  name: string;
  /**
   * Who we are. A candidate takes over a lease that carries its own identity at once, so a controller that was killed
   * goes on when it comes back; two living candidates must therefore never share one.
   */
  identity: string;
  log: Log;
  /** Called once, when the lease is ours. */
  onStarted: () => void;
  /** Called once, when the lease may no longer be ours: the process must end at once, another one may already be at work. */
  onLost: (reason: string) => void;
  timing?: Partial<LeaderTiming>;
}

/** Machine time. Renewing must be given up before others may take the lease: renewSeconds < leaseSeconds. */
export interface LeaderTiming {
  /** Others take a lease that was not renewed for so long. */
  leaseSeconds: number;
  /** A leader that could not renew for so long gives up. */
  renewSeconds: number;
  /** Between attempts to acquire or renew. */
  retrySeconds: number;
}

export interface LeaderElection {
  start(): void;
  /**
   * To be called before whatever only a leader may do. A process that stood still hears of the answers that came meanwhile
   * before its timers: the renew deadline may be over and nobody have said so. Then `onLost` is called now.
   */
  check(): void;
  /** Gives the lease back, so that another candidate need not wait for it to expire. `onLost` is not called. */
  stop(): Promise<void>;
  readonly isLeader: boolean;
}

const TIMING: LeaderTiming = { leaseSeconds: 15, renewSeconds: 10, retrySeconds: 2 };
const TOO_LATE = 'the lease could not be renewed in time';
/** A longer timer would fire at once. */
const LONGEST_TIMER = 2_147_483_647;

/**
 * No clock is compared with another machine's: a lease counts as expired when this process has seen no change of it for
 * its whole duration, measured by a timer, which a clock that is set does not move.
 */
export function createLeaderElection(options: LeaderOptions): LeaderElection {
  return new Candidate(options);
}

type State = 'new' | 'candidate' | 'leader' | 'lost' | 'stopped';

class Candidate implements LeaderElection {
  readonly #options: LeaderOptions;
  readonly #timing: LeaderTiming;
  #state: State = 'new';
  /** The lease as last seen, whoever wrote it. */
  #seen: Lease | undefined;
  #seenExpired = false;
  #expiry: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #next: NodeJS.Timeout | undefined;
  #attempt = Promise.resolve();
  /** When the renew deadline is, on the steady clock. */
  #heldUntil = 0;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
  }

  get isLeader(): boolean {
    return this.#state === 'leader';
  }

  start(): void {
    this.#state = 'candidate';
    this.#tryNow();
  }

  check(): void {
    if (this.#state === 'leader' && steadyNow() >= this.#heldUntil) this.#lose(TOO_LATE);
  }

  async stop(): Promise<void> {
    const held = this.#state === 'leader';
    this.#end('stopped');
    // What hangs now would make the release hang too; the lease then expires by itself.
    await Promise.race([this.#attempt, sleep(this.#timing.retrySeconds * 1000, undefined, { ref: false })]);
    if (held) await this.#release();
  }

  #tryNow(): void {
    this.#attempt = this.#acquireOrRenew().then(() => {
      if (this.#state !== 'candidate' && this.#state !== 'leader') return;
      // Candidates must not ask in step with each other.
      const jitter = this.#state === 'leader' ? 1 : 1 + Math.random() / 5;
      this.#next = setTimeout(() => this.#tryNow(), this.#timing.retrySeconds * 1000 * jitter);
    });
  }

  /** Never throws: what fails is tried again until the renew deadline. */
  async #acquireOrRenew(): Promise<void> {
    const { client, namespace, name, identity, log } = this.#options;
    try {
      const lease = await client.get(leases, { namespace, name });
      this.#observe(lease);
      const holder = lease?.spec.holderIdentity;
      if (holder && holder !== identity && this.#state === 'leader') this.#lose(`${holder} holds the lease`);
      else if (!holder || holder === identity || this.#seenExpired) await this.#write(lease);
    } catch (error) {
      const lostRace = isConflict(error) || isAlreadyExists(error);
      if (!lostRace) log.warn({ error: messageOf(error), lease: name }, 'the lease could not be asked for or renewed');
    }
  }

  async #write(lease: Lease | undefined): Promise<void> {
    if (this.#state !== 'candidate' && this.#state !== 'leader') return;
    const { client, log, name } = this.#options;
    const mine = this.#renewed(lease);
    // Armed before sending: others count from the moment when the write took place, which is never earlier.
    let late = false;
    const heldUntil = steadyNow() + this.#timing.renewSeconds * 1000;
    const deadline = setTimeout(() => {
      late = true;
      if (this.#state === 'leader') this.#lose(TOO_LATE);
    }, this.#timing.renewSeconds * 1000);
    try {
      this.#observe(lease === undefined ? await client.create(leases, mine) : await client.update(leases, mine));
    } catch (error) {
      clearTimeout(deadline);
      throw error;
    }
    if (late || (this.#state !== 'candidate' && this.#state !== 'leader')) {
      clearTimeout(deadline);
      log.warn({ lease: name }, 'the answer about the lease came too late to count');
      return;
    }
    clearTimeout(this.#deadline);
    this.#deadline = deadline;
    this.#heldUntil = heldUntil;
    if (this.#state === 'candidate') this.#lead();
  }

  #renewed(lease: Lease | undefined): Lease {
    const { namespace, name, identity } = this.#options;
    const now = microTime(machineNow());
    const ours = lease?.spec.holderIdentity === identity;
    const transitions = lease?.spec.leaseTransitions ?? 0;
    return {
      metadata: lease?.metadata ?? { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: this.#timing.leaseSeconds,
        acquireTime: (ours && lease.spec.acquireTime) || now,
        renewTime: now,
        leaseTransitions: ours || lease === undefined ? transitions : transitions + 1,
      },
    };
  }

  /** Starts counting anew whenever the lease has changed. */
  #observe(lease: Lease | undefined): void {
    if (lease?.metadata.resourceVersion === this.#seen?.metadata.resourceVersion && this.#seen !== undefined) return;
    this.#seen = lease;
    this.#seenExpired = false;
    clearTimeout(this.#expiry);
    if (this.#state !== 'candidate' || lease === undefined) return;
    const seconds = lease.spec.leaseDurationSeconds ?? this.#timing.leaseSeconds;
    this.#expiry = setTimeout(
      () => {
        this.#seenExpired = true;
      },
      Math.min(seconds * 1000, LONGEST_TIMER),
    );
  }

  #lead(): void {
    const { log, name, identity, onStarted } = this.#options;
    this.#state = 'leader';
    clearTimeout(this.#expiry);
    log.info({ lease: name, identity }, 'this process leads');
    onStarted();
  }

  #lose(reason: string): void {
    this.#end('lost');
    this.#options.log.error({ lease: this.#options.name, reason }, 'this process no longer leads');
    this.#options.onLost(reason);
  }

  #end(state: State): void {
    this.#state = state;
    for (const timer of [this.#expiry, this.#deadline, this.#next]) clearTimeout(timer);
  }

  async #release(): Promise<void> {
    const { client, log, name } = this.#options;
    if (this.#seen === undefined) return;
    const now = microTime(machineNow());
    const { holderIdentity: _, ...rest } = this.#seen.spec;
    const spec = { ...rest, leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      await client.update(leases, { ...this.#seen, spec });
    } catch (error) {
      log.warn({ error: messageOf(error), lease: name }, 'the lease could not be given back; it expires by itself');
    }
  }
}

function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
