import pino from 'pino';

/** Constant messages with fields; secrets never become fields. */
export type Log = pino.Logger;

export interface LogOptions {
  level: string;
  /** Where lines go; standard error, so that a command's own output stays clean. */
  destination?: pino.DestinationStream;
}

export function createLog({ level, destination }: LogOptions): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['token', 'password', 'authorization', '*.token', '*.password', '*.authorization'],
        remove: true,
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

export function silentLog(): Log {
  return pino({ level: 'silent' });
}
