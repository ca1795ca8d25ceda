export type { ExposedSeries, ScrapeTargets } from './scrapes.ts';
export { createSandboxPrometheus, type SandboxPrometheus, type SandboxPrometheusOptions } from './server.ts';
