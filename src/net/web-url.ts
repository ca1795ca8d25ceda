import { Refused } from './failures.ts';

/** An http or https address. */
export type WebUrl = URL & { protocol: 'http:' | 'https:' };

/** Throws `Refused`. */
export function parsedUrl(text: string): WebUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isWeb(url)) throw new Refused('the address is not an http or https URL');
  return url;
}

function isWeb(url: URL): url is WebUrl {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/** Without brackets and a last dot. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}
