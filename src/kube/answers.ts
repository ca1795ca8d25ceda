import { ApiError } from './client.ts';
import type { HttpAnswer } from './transport.ts';

const LONGEST_MESSAGE = 2_048;

interface StatusBody {
  kind?: unknown;
  code?: unknown;
  reason?: unknown;
  message?: unknown;
  details?: { retryAfterSeconds?: unknown };
}

/** The error in an answer that is not a success. A body that is no Status, a proxy's page for instance, is never quoted. */
export function errorOf({ code, headers, body }: HttpAnswer): ApiError {
  const after = Number(headers['retry-after']);
  const retryAfter = Number.isFinite(after) && after >= 0 ? after : undefined;
  return errorOfStatus(parse(body), code, retryAfter);
}

/** The error in a Status object, as it also comes as a watch's ERROR event. */
export function errorOfStatus(status: unknown, code: number, retryAfter?: number): ApiError {
  const body: StatusBody = isStatus(status) ? status : {};
  const number = typeof body.code === 'number' ? body.code : code;
  const asked = body.details?.retryAfterSeconds;
  return new ApiError(
    number,
    typeof body.reason === 'string' ? body.reason : '',
    typeof body.message === 'string'
      ? body.message.slice(0, LONGEST_MESSAGE)
      : `the API server answered HTTP ${number}`,
    retryAfter ?? (typeof asked === 'number' && asked > 0 ? asked : undefined),
  );
}

function isStatus(value: unknown): value is StatusBody {
  return typeof value === 'object' && value !== null && (value as StatusBody).kind === 'Status';
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
