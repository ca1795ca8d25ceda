/** The registry of metric providers. */
import { createPrometheusProvider, type PrometheusOptions } from './prometheus.ts';
import type { MetricProvider } from './provider.ts';

export type { Moments } from './prometheus.ts';
export type { MeasureRequest, MetricProvider, Reading } from './provider.ts';

export type ProviderOptions = PrometheusOptions;

const REGISTRY: Record<string, (options: ProviderOptions) => MetricProvider> = {
  prometheus: createPrometheusProvider,
};

/** The keys below `metric.provider` that can be driven. */
export const providerKeys: readonly string[] = Object.keys(REGISTRY);

/** All providers by their key. */
export function createProviders(options: ProviderOptions): ReadonlyMap<string, MetricProvider> {
  return new Map(Object.entries(REGISTRY).map(([key, create]) => [key, create(options)]));
}
