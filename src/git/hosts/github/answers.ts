import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import { type Failure, type HttpResponse, isLimitInWords, rateLimited } from '../http.ts';

/** GitHub limits by 403 too, and may say so in words alone. */
export function isRateLimited(response: HttpResponse): boolean {
  const { status, headers } = response;
  if (status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers)) return true;
  return status === 429 || isLimitInWords(response);
}

/** GitHub's words: what it says of each field is more than "Validation Failed". */
export function wordsOf({ body }: HttpResponse): string {
  const { message, errors } = parsedFields(body);
  const details = listOf(errors).map((error) => {
    const { message: text, field, code } = fieldsOf(error);
    return textOf(error) ?? textOf(text) ?? `${field} is ${code}`;
  });
  return [textOf(message) ?? 'no explanation', ...details].join(': ').slice(0, 300);
}

/** An answer that is not the one hoped for. */
export function statusFailure(response: HttpResponse): Failure {
  const { status } = response;
  const message = `GitHub answered ${status}: ${wordsOf(response)}`;
  if (isRateLimited(response)) return rateLimited(response, message);
  if (status === 401 || status === 403) return { kind: 'noRights', message };
  if (status === 404 || (status >= 300 && status < 400)) return { kind: 'gone', message };
  return { kind: 'unknown', message };
}

/** What a write to a repository answered that was readable a moment ago: 404 hides it from those who may not write. */
export function writeFailure(response: HttpResponse): Failure {
  const failure = statusFailure(response);
  if (response.status === 404) return { ...failure, kind: 'noRights', message: `${failure.message}: may it write?` };
  return response.status === 422 ? { kind: 'protected', message: failure.message } : failure;
}

/** GitHub answers a refused query with 200 and a typed error; the type decides, its words are for people. */
export function typedFailure(response: HttpResponse, error: Fields): Failure {
  const type = textOf(error.type) ?? '';
  const message = (textOf(error.message) ?? 'no explanation').slice(0, 500);
  if (isLimitInWords(response)) return rateLimited(response, message);
  switch (type) {
    case 'STALE_DATA':
      return { kind: 'stale', message };
    case 'BRANCH_PROTECTION_RULE_VIOLATION':
    case 'UNPROCESSABLE':
      return { kind: 'protected', message };
    case 'RATE_LIMITED':
      return rateLimited(response, message);
    case 'FORBIDDEN':
    case 'INSUFFICIENT_SCOPES':
      return { kind: 'noRights', message };
    case 'NOT_FOUND':
      return { kind: 'gone', message };
    default:
      // Rulesets answer with another type than classic protection.
      return { kind: /rule|protect/i.test(`${type} ${message}`) ? 'protected' : 'unknown', message };
  }
}
