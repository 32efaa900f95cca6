import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Outcome } from './cos-errors.ts';
import { errorBodyBytes } from './cos-limits.ts';

/**
 * Watches one request of the SDK from below: the SDK neither lets a request be ended, nor tells a cut reply from a whole one,
 * nor hands over what a failed attempt was answered before it tries again.
 */
export class Exchange {
  /** Signatures asked for: one more for each attempt. */
  attempts = 0;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #body = '';
  #errno = '';
  #ended = false;
  readonly #idleMs: number;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** An agent that shows us the request on its way to the shared one. */
  agentOver(agent: Agent): Agent {
    const addRequest = (request: ClientRequest, ...rest: readonly unknown[]) => {
      this.#watch(request);
      (agent as unknown as { addRequest(...all: readonly unknown[]): void }).addRequest(request, ...rest);
    };
    return Object.create(agent, { addRequest: { value: addRequest } }) as Agent;
  }

  /** Ends the request, also one that has not begun. */
  end(): void {
    this.#ended = true;
    this.#request?.destroy();
  }

  /** True when a reply came and was read to its end. */
  get whole(): boolean {
    return this.#response?.complete === true;
  }

  /** True for a reply of success without the id that the service gives each: a proxy or a portal answered. */
  get isForeign(): boolean {
    const status = this.#response?.statusCode ?? 0;
    return status >= 200 && status < 300 && this.headers['x-cos-request-id'] === undefined;
  }

  get headers(): IncomingHttpHeaders {
    return this.#response?.headers ?? {};
  }

  outcome(sdkError?: unknown): Outcome {
    const status = this.#response?.statusCode ?? 0;
    const own = /<Code>([^<]{1,100})<\/Code>/.exec(this.#body)?.[1];
    return {
      status,
      // A reply of success may hold an error: only the SDK has read it.
      code: own ?? (status >= 200 && status < 300 && this.whole ? codeOf(sdkError) : ''),
      expired: /<Message>[^<]*expired/.test(this.#body),
      requestId: String(this.headers['x-cos-request-id'] ?? ''),
      errno: this.#errno,
    };
  }

  #watch(request: ClientRequest): void {
    this.#request = request;
    request.on('error', (error: NodeJS.ErrnoException) => {
      this.#errno ||= error.code ?? 'broken';
    });
    request.setTimeout(this.#idleMs, () => {
      this.#errno = 'ESOCKETTIMEDOUT';
      request.destroy();
    });
    request.on('response', (response) => {
      this.#response = response;
      if ((response.statusCode ?? 0) < 300) return;
      response.on('data', (chunk: Buffer) => {
        if (this.#body.length < errorBodyBytes) this.#body += chunk.toString('latin1');
      });
    });
    if (this.#ended) request.destroy();
  }
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}
