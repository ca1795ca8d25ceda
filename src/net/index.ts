export { parseResolveRule, type ResolveRule } from './addresses.ts';
export {
  type Answer,
  createDialer,
  type Dialer,
  type DialerOptions,
  Refused,
  type Request,
  type Target,
  Unreachable,
} from './dialer.ts';
