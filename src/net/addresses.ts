import { BlockList, isIP } from 'node:net';

type Subnet = readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'];

function listOf(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix, family] of subnets) list.addSubnet(network, prefix, family);
  return list;
}

const LOOPBACK: readonly Subnet[] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
];

/** What the word in the message is, and the networks it stands for; IPv4 addresses wrapped in IPv6 ones included. */
const FORBIDDEN: readonly (readonly [string, BlockList])[] = [
  ['loopback', listOf([...LOOPBACK, ['64:ff9b::7f00:0', 104, 'ipv6'], ['2002:7f00::', 24, 'ipv6']])],
  [
    'link-local',
    listOf([
      ['169.254.0.0', 16, 'ipv4'],
      ['fe80::', 10, 'ipv6'],
      ['64:ff9b::a9fe:0', 112, 'ipv6'],
      ['2002:a9fe::', 32, 'ipv6'],
      // Where a cloud serves the credentials of its machines over IPv6.
      ['fd00:ec2::254', 128, 'ipv6'],
    ]),
  ],
  [
    'unspecified',
    listOf([
      ['0.0.0.0', 8, 'ipv4'],
      ['::', 96, 'ipv6'],
      ['64:ff9b::', 104, 'ipv6'],
      ['2002::', 24, 'ipv6'],
    ]),
  ],
  [
    'multicast',
    listOf([
      ['224.0.0.0', 4, 'ipv4'],
      ['ff00::', 8, 'ipv6'],
    ]),
  ],
  ['reserved', listOf([['240.0.0.0', 4, 'ipv4']])],
];

const loopback = listOf(LOOPBACK);

/** Why an IP address may not be dialled (`loopback`, `link-local`, ...), or undefined where it may. */
export function forbidden(address: string, allowLoopback: boolean): string | undefined {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) return 'not an IP';
  if (allowLoopback && loopback.check(address, family)) return undefined;
  return FORBIDDEN.find(([, list]) => list.check(address, family))?.[0];
}

/** One line of `--resolve`, as curl's: connections to `host:port` go to `address` instead. */
export interface ResolveRule {
  host: string;
  port: number;
  /** An IP address. */
  address: string;
  /** Where given, goes before the port asked for. */
  addressPort?: number;
}

const RULE = /^([^:[\]\s/]+):(\d{1,5})=(\[[0-9a-fA-F:.]+\]|[0-9.]+|[0-9a-fA-F:]+)(?:(?<=[\].\d]):(\d{1,5}))?$/;

/** Reads `host:port=address[:port]`; an IPv6 address stands in brackets. Throws an Error that says what is allowed. */
export function parseResolveRule(text: string): ResolveRule {
  const [, host = '', port = '', bracketed = '', addressPort] = RULE.exec(text) ?? [];
  const address = bracketed.replace(/^\[|\]$/g, '');
  const ports = [port, addressPort].filter((each) => each !== undefined).map(Number);
  if (isIP(address) === 0 || !ports.every((each) => each > 0 && each < 65_536)) {
    throw new Error(
      `"${text}" is not a rule for --resolve: it takes host:port=address or host:port=address:port, with an IP address, as in prometheus.monitoring:9090=127.0.0.1:19090`,
    );
  }
  const rule = { host: host.toLowerCase(), port: Number(port), address };
  return addressPort === undefined ? rule : { ...rule, addressPort: Number(addressPort) };
}

/** Whether a host name is on an allow-list of names, `*.suffix` patterns, and IP addresses. */
export function onAllowList(host: string, list: readonly string[]): boolean {
  return list.some((pattern) =>
    pattern.startsWith('*.') ? host.endsWith(pattern.slice(1).toLowerCase()) : host === pattern.toLowerCase(),
  );
}
