/** A program of its own: starts what `starter.ts` asks for. It ends with whoever asks, and with it all that it started. */
import { messageOf } from '../errors.ts';
import { runChild } from './child.ts';
import type { StarterReply, StarterRequest } from './starter.ts';

const running = new Map<number, AbortController>();

const reply = (message: StarterReply) => process.send?.(message);

async function begin({ id, program, call }: Extract<StarterRequest, { program: string }>): Promise<void> {
  const control = new AbortController();
  running.set(id, control);
  try {
    reply({ id, result: await runChild(program, { ...call, signal: control.signal }) });
  } catch (error) {
    reply({ id, error: messageOf(error) });
  }
  running.delete(id);
}

process.on('message', (message: StarterRequest) => {
  if ('program' in message) begin(message);
  else running.get(message.id)?.abort(message.stop);
});
process.on('disconnect', () => {
  for (const control of running.values()) control.abort('nobody waits for it any more');
  process.exit();
});
// A terminal says it to all: what is under way is ended by whoever waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
