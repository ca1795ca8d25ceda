import type { HostCall } from './host.ts';
import type { SendRequest } from './http.ts';

/** In lower case: as GitHub, Gitea and Azure DevOps call it, and as GitLab does. */
const REMAINING = ['x-ratelimit-remaining', 'ratelimit-remaining'];

function remainingIn(headers: Record<string, string>): number | undefined {
  const text = REMAINING.flatMap((name) => headers[name] ?? [])[0];
  return text !== undefined && /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}

/** Tells of each request that is really sent. */
export function counted(send: SendRequest, onCall: (call: HostCall) => void): SendRequest {
  return async (request) => {
    const call = { host: URL.parse(request.url)?.host ?? '', method: request.method };
    try {
      const response = await send(request);
      onCall({ ...call, status: response.status, remaining: remainingIn(response.headers) });
      return response;
    } catch (error) {
      onCall({ ...call, status: undefined, remaining: undefined });
      throw error;
    }
  };
}
