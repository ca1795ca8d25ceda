import { createHash, createPublicKey } from 'node:crypto';
import { parsedFields, textOf } from '../../../api/fields.ts';
import { Stalled, Waiting } from '../../../errors.ts';
import type { GitHubApp, TokenSource } from '../../credentials.ts';
import type { RepositoryAccess } from '../host.ts';
import { Ended, type HttpResponse } from '../http.ts';
import { type Address, addressOf } from './address.ts';
import {
  type AppTokensOptions,
  accountOf,
  createAppRequests,
  dateOf,
  PERMISSIONS,
  UNREACHABLE_SECONDS,
} from './app-requests.ts';

/** A token that ends sooner is not begun with. */
const RESERVE_MILLISECONDS = 300_000;
const MOST_TOKENS = 1_000;
interface Held {
  token: string;
  /** By our clock. */
  until: number;
}

/** What is known of one App on one repository. */
interface Slot {
  held?: Held;
  /** As it was looked up. */
  installation?: string;
  /** The token that is being got. */
  coming?: Promise<Held>;
}

function checkedAddress(url: string): Address {
  try {
    return addressOf(url);
  } catch (error) {
    throw error instanceof Ended ? new Stalled('InvalidRepository', error.message, { cause: error }) : error;
  }
}

function heldBy(answer: HttpResponse, now: number): Held {
  const { token, expires_at: expires } = parsedFields(answer.body);
  const end = Date.parse(textOf(expires) ?? '');
  const text = textOf(token);
  if (!text || Number.isNaN(end)) {
    const message = 'GitHub answered without a token, or without saying how long it lasts';
    throw new Waiting('RepositoryUnreachable', message, UNREACHABLE_SECONDS);
  }
  // How long it lasts is what GitHub's clock says of both ends, whatever ours shows.
  return { token: text, until: now + (end - (dateOf(answer) ?? now)) };
}

/**
 * The tokens of GitHub Apps, each for one repository and with no more rights than are needed. Kept until five minutes before they
 * end, and shared by all who ask for the same; a Secret with another key begins anew.
 */
export function createAppTokens(options: AppTokensOptions) {
  const { clock } = options;
  const slots = new Map<string, Slot>();
  /** By API: how far GitHub's clock is ahead of ours, in milliseconds, where it matters. */
  const skew = new Map<string, number>();

  const slotFor = (name: string): Slot => {
    const slot = slots.get(name) ?? {};
    // The one that was used longest ago goes first.
    slots.delete(name);
    slots.set(name, slot);
    for (const old of slots.keys()) {
      if (slots.size <= MOST_TOKENS) break;
      slots.delete(old);
    }
    return slot;
  };

  return (access: RepositoryAccess & { app: GitHubApp }): TokenSource => {
    const { app, url } = access;
    const address = checkedAddress(url);
    const key = createHash('sha256').update(createPublicKey(app.key).export({ type: 'spki', format: 'der' }));
    const place = `${address.rest}`.toLowerCase();
    const name = [address.api, app.id, app.installation ?? '', place, key.digest('hex')].join(' ');
    const { request, lookUp, whyRefused } = createAppRequests(options, skew, access);

    const installationFor = async (slot: Slot): Promise<string> => {
      if (app.installation !== undefined) return app.installation;
      if (slot.installation !== undefined) return slot.installation;
      const { id } = await lookUp(address);
      slot.installation = String(id);
      return slot.installation;
    };
    const fetchToken = async (slot: Slot): Promise<Held> => {
      const isRemembered = slot.installation !== undefined;
      const installation = await installationFor(slot);
      const body = JSON.stringify({ repositories: [address.name], permissions: PERMISSIONS });
      const target = `${address.api}/app/installations/${encodeURIComponent(installation)}/access_tokens`;
      const answer = await request(address, { method: 'POST', url: target, body });
      if (answer.status === 201) return heldBy(answer, clock.now());
      delete slot.installation;
      // It was taken away and installed again: then it has another number.
      if (answer.status === 404 && isRemembered) return fetchToken(slot);
      throw await whyRefused(address, answer);
    };
    const fresh = async (): Promise<string> => {
      const slot = slotFor(name);
      slot.coming ??= fetchToken(slot).finally(() => {
        delete slot.coming;
      });
      slot.held = await slot.coming;
      return slot.held.token;
    };
    return {
      account: accountOf(address, app),
      held: () => slots.get(name)?.held?.token,
      async token() {
        const { held } = slotFor(name);
        return held && clock.now() < held.until - RESERVE_MILLISECONDS ? held.token : fresh();
      },
      async renewed(refusedToken) {
        const { held } = slotFor(name);
        return held && held.token !== refusedToken ? held.token : fresh();
      },
    };
  };
}
