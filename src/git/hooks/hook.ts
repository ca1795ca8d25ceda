import type { Hint } from '../hint.ts';

/** A request as it came in. */
export interface HookRequest {
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes that the sender may have signed. */
  body: Buffer;
  /** Machine time, milliseconds since the epoch. */
  now: number;
}

/** How one host's webhooks are told from anybody's, and what they say. All of it is pure. */
export interface Hook {
  /** Whether it comes from someone who knows the secret. Compares in constant time; looks at nothing but headers and bytes. */
  isAuthentic(request: HookRequest, secret: string): boolean;
  /** What the sender calls this delivery; undefined where it has no name. */
  delivery(request: HookRequest, payload: unknown): string | undefined;
  /** Which branches it is about; undefined for what is none of our business. `payload` is any JSON at all. */
  read(payload: unknown): Hint | undefined;
}
