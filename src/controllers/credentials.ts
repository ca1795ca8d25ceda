import type { Secret } from '../api/index.ts';

/** What a Secret holds for a repository: its values `token` and `username`. */
export function credentialsIn({ data }: Secret): { token: string | undefined; username: string | undefined } {
  const value = (key: string) =>
    Buffer.from(data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim() || undefined;
  return { token: value('token'), username: value('username') };
}
