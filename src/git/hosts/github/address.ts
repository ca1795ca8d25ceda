import { Ended } from '../http.ts';

export interface Address {
  owner: string;
  name: string;
  /** Of the API, without a slash at its end. */
  api: string;
  /** Of the repository in it. */
  rest: string;
  graphql: string;
}

/** GitHub itself, GitHub Enterprise Cloud on a domain of its own (`TEAM.ghe.com`), and an Enterprise Server. */
function apiOf({ host, origin }: URL): Pick<Address, 'api' | 'graphql'> {
  if (host === 'github.com' || host.endsWith('.ghe.com')) {
    const api = `https://api.${host}`;
    return { api, graphql: `${api}/graphql` };
  }
  return { api: `${origin}/api/v3`, graphql: `${origin}/api/graphql` };
}

/** Throws `Ended` where a repository of GitHub has no such address. */
export function addressOf(text: string): Address {
  const url = URL.parse(text);
  const [owner, name, ...more] = (url?.pathname ?? '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  if (!url || !owner || !name || more.length > 0) {
    const message = `${JSON.stringify(text)} is not the address of a GitHub repository; https://github.com/OWNER/NAME is`;
    throw new Ended({ kind: 'gone', message });
  }
  const { api, graphql } = apiOf(url);
  return { owner, name, api, rest: `${api}/repos/${owner}/${name}`, graphql };
}
