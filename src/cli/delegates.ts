/** Commands that read their own flags, loaded only when they are called. */
export interface Delegate {
  summary: string;
  /** Answers with the exit code. */
  run(args: string[]): Promise<number>;
}

export const delegates: Record<string, Delegate> = {
  controller: {
    summary: 'run the controller',
    run: async (args) => (await import('../main.ts')).runController(args),
  },
  demo: {
    summary: 'play a release in a world of its own, on this machine',
    run: async (args) => (await import('./demo/demo.ts')).runDemo(args),
  },
};
