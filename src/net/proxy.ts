import { BlockList, isIP } from 'node:net';

/** An HTTP proxy of the administrator's. */
export interface HttpProxy {
  /** As programs take it, with its port; it may hold credentials. */
  url: string;
  /** Without brackets. */
  host: string;
  port: number;
  /** For the header Proxy-Authorization, where the address has credentials. */
  authorization: string | undefined;
  /** What must not appear in any message. */
  secrets: string[];
}

/** The proxy for a web address; undefined where it is connected to directly. */
export type Proxies = (url: URL) => HttpProxy | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** Programs disagree on the case of these names; the lower one goes first, as in curl. */
function settingIn(environment: Environment, name: string): string | undefined {
  return environment[name.toLowerCase()] || environment[name] || undefined;
}

/** Undefined where it is not percent-encoded. */
function decoded(text = ''): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The value is never shown: there may be a password in it. */
function proxyIn(environment: Environment, name: string): HttpProxy | undefined {
  const text = settingIn(environment, name);
  if (text === undefined) return undefined;
  const url = URL.parse(/^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`);
  const [user, secret] = [decoded(url?.username), decoded(url?.password)];
  const isPlain = url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.hash === '';
  if (!isPlain || user === undefined || secret === undefined) {
    const allowed =
      'write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, a % in them as %25; proxies that are reached by TLS or SOCKS are not used';
    throw new Error(`the environment's ${name} is no address of a proxy that Headgate uses: ${allowed}`);
  }
  const { username, password, hostname } = url;
  const port = Number(url.port || 80);
  const login = username === '' && password === '' ? '' : `${username}:${password}@`;
  const basic = Buffer.from(`${user}:${secret}`).toString('base64');
  return {
    // With its port: programs differ in the one that they assume.
    url: `http://${login}${hostname}:${port}`,
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    authorization: login === '' ? undefined : `Basic ${basic}`,
    secrets: login === '' ? [] : [password, secret, basic].filter((text) => text !== ''),
  };
}

/** What is told apart of one entry of NO_PROXY. */
type Exception = (host: string, port: number) => boolean;

function exceptionIn(entry: string): Exception {
  const [, network = '', prefix] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const family = isIP(network);
  if (prefix !== undefined && family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128)) {
    const list = new BlockList();
    list.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
    return (host) => isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
  }
  const [, named = '', wanted] = isIP(entry) === 0 ? (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []) : [entry, entry];
  const name = named.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return (host, port) =>
    (wanted === undefined || Number(wanted) === port) &&
    (name === '*' || host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
}

/**
 * Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY (also in lower case), as programs commonly do. NO_PROXY lists names, which stand for all
 * below them too, IP addresses, networks such as 10.0.0.0/8, each but networks with a port or without, or `*` for all.
 * Throws an Error that names the variable and what is allowed.
 */
export function readProxies(environment: Environment): Proxies {
  const byProtocol: Record<string, HttpProxy | undefined> = {
    'https:': proxyIn(environment, 'HTTPS_PROXY'),
    'http:': proxyIn(environment, 'HTTP_PROXY'),
  };
  const entries = (settingIn(environment, 'NO_PROXY') ?? '').toLowerCase().split(/[\s,]+/);
  const exceptions = entries.filter((entry) => entry !== '').map(exceptionIn);
  return ({ protocol, hostname, port }) => {
    const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    const wanted = Number(port || (protocol === 'https:' ? 443 : 80));
    return exceptions.some((isExcepted) => isExcepted(host, wanted)) ? undefined : byProtocol[protocol];
  };
}
