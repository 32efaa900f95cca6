/** The server behind `host=` of an object store. */
export interface Endpoint {
  /** TLS when the text says `https://`; plain without a scheme, as OceanBase's own clients do. */
  readonly tls: boolean;
  /** Name or address, without brackets. */
  readonly hostname: string;
  /** Null: the protocol's own. */
  readonly port: number | null;
}

const shape = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(\d{1,5}))?\/?$/;

/** Reads the value of `host=`: `oss.example.net`, `10.0.0.7:9000`, `https://s3.example.net`; null for anything else. */
export function parseEndpoint(host: string): Endpoint | null {
  const match = shape.exec(host);
  if (!match) return null;
  const port = readPort(match[3]);
  if (port === undefined) return null;
  return Object.freeze({ tls: match[1] === 'https', hostname: bare(match[2] ?? ''), port });
}

/** Null without a number, undefined for one that is no port. */
export function readPort(text: string | undefined): number | null | undefined {
  if (text === undefined) return null;
  const port = Number(text);
  return port > 0 && port < 65_536 ? port : undefined;
}

/** `[::1]` as sockets want it: without brackets. */
export function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
