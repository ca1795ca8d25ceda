/** The one way in which a host's API is called. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  timeoutMilliseconds: number;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** Sends one request, once. Follows no redirect; throws where there is no whole answer. */
export type SendRequest = (request: HttpRequest) => Promise<HttpResponse>;
