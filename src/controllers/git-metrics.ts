import { Counter, type Registry } from 'prom-client';
import type { HostCall } from '../git/hosts/host.ts';
import { gauge } from './object-metrics.ts';

/** Counts what Git hosts are asked, and what they say of their limits. */
export function gitHostMetrics(registry: Registry): (call: HostCall) => void {
  const requests = new Counter({
    name: 'headgate_git_host_requests_total',
    help: 'Requests to the APIs of Git hosts.',
    labelNames: ['host', 'method', 'status_code'],
    registers: [registry],
  });
  const left = gauge(
    registry,
    'headgate_git_host_rate_remaining',
    'Requests that a Git host takes for now, as it said last.',
    ['host'],
  );
  return ({ host, method, status, remaining }) => {
    requests.inc({ host, method, status_code: status ?? 'none' });
    if (remaining !== undefined) left.set({ host }, remaining);
  };
}
