export { parseResolveRule, type ResolveRule } from './addresses.ts';
export {
  type Answer,
  createDialer,
  type Dialer,
  type DialerOptions,
  type Request,
  type Target,
} from './dialer.ts';
export { Refused, Unreachable } from './failures.ts';
export { type HttpProxy, type Proxies, readProxies } from './proxy.ts';
