/** An answer of the double that is an error document. `extra` is XML put beside code and message, `headers` go out with it. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal';
  readonly status: number;
  readonly code: string;
  readonly extra: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, extra = '', headers: Readonly<Record<string, string>> = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.extra = extra;
    this.headers = headers;
  }

  document(requestId: string): string {
    const message = `The double refuses: ${this.code}`;
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${this.code}</Code><Message>${message}</Message>` +
      `${this.extra}<RequestId>${requestId}</RequestId></Error>`
    );
  }
}

/** Text as it may stand in an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
