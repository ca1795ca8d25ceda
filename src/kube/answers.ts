import { fieldsOf, listOf, textOf } from '../api/fields.ts';
import { ApiError, type Cause } from './client.ts';
import type { HttpAnswer } from './transport.ts';

const LONGEST_MESSAGE = 2_048;
const MOST_CAUSES = 100;

interface StatusBody {
  kind?: unknown;
  code?: unknown;
  reason?: unknown;
  message?: unknown;
  details?: { retryAfterSeconds?: unknown; causes?: unknown };
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
    causesOf(body),
  );
}

function causesOf({ details }: StatusBody): Cause[] {
  return listOf(details?.causes)
    .slice(0, MOST_CAUSES)
    .map((cause) => {
      const { field, message } = fieldsOf(cause);
      return { field: textOf(field) ?? '', message: (textOf(message) ?? '').slice(0, LONGEST_MESSAGE) };
    });
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
