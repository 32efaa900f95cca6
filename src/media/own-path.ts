import { bare, readPort } from './endpoint.ts';

/** Where `sftp://user@host:port/dir` leads. */
export interface SftpPlace {
  readonly user: string;
  readonly hostname: string;
  readonly port: number;
  /** Absolute, without trailing slash. */
  readonly directory: string;
}

/** Where `cifs://server:port/share/dir` leads. */
export interface CifsPlace {
  readonly hostname: string;
  readonly port: number;
  readonly share: string;
  /** Below the share, without slashes at its ends; `''` for its root. */
  readonly directory: string;
}

/** Where `hdfs://nameservice/dir` leads; its servers are the option `namenode`. */
export interface HdfsPlace {
  readonly nameservice: string;
  /** Absolute, without trailing slash. */
  readonly directory: string;
}

/** An address of `namenode=a:p,b:p`. */
export interface NameNode {
  readonly hostname: string;
  readonly port: number;
}

const host = String.raw`(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(\d{1,5}))?`;
const sftpShape = new RegExp(String.raw`^sftp://([A-Za-z0-9._@\\-]{1,128})@${host}(/.+)$`);
const cifsShape = new RegExp(String.raw`^cifs://${host}/([^/\\:*?"<>|]{1,80})((?:/.+)?)$`);
const hdfsShape = /^hdfs:\/\/([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(\/.+)$/;
const nodeShape = new RegExp(`^${host}$`);

/** Reads a path with its prefix, null when it has another shape; the port is 22 unless given. */
export function parseSftpPath(path: string): SftpPlace | null {
  const match = sftpShape.exec(path);
  const port = match ? readPort(match[3]) : undefined;
  if (!match || port === undefined) return null;
  const [, user = '', hostname = '', , directory = ''] = match;
  return Object.freeze({ user, hostname: bare(hostname), port: port ?? 22, directory });
}

/** Reads a path with its prefix, null when it has another shape; the port is 445 unless given. */
export function parseCifsPath(path: string): CifsPlace | null {
  const match = cifsShape.exec(path);
  const port = match ? readPort(match[2]) : undefined;
  if (!match || port === undefined) return null;
  const [, hostname = '', , share = '', directory = ''] = match;
  return Object.freeze({ hostname: bare(hostname), port: port ?? 445, share, directory: directory.slice(1) });
}

/**
 * False for a directory with the characters smbclient takes for patterns, quotes, separators or the end of a command, and with those
 * no name on a share may have.
 */
export function isPlainShareDirectory(directory: string): boolean {
  return !/["*?<>|:;\\]/.test(directory) && !hasControls(directory);
}

export function hasControls(text: string): boolean {
  return [...text].some((char) => char < ' ' || char === '\x7f');
}

/** Reads a path with its prefix, null when it has another shape. */
export function parseHdfsPath(path: string): HdfsPlace | null {
  const match = hdfsShape.exec(path);
  if (!match) return null;
  const [, nameservice = '', directory = ''] = match;
  return Object.freeze({ nameservice, directory });
}

/** Reads `namenode=`: one to `nameNodesMax` addresses, each with its port; null for anything else. */
export function parseNameNodes(text: string): readonly NameNode[] | null {
  const nodes: NameNode[] = [];
  for (const item of text.split(',')) {
    const match = nodeShape.exec(item);
    const port = match ? readPort(match[2]) : undefined;
    if (!match || port === undefined || port === null) return null;
    nodes.push({ hostname: bare(match[1] ?? ''), port });
  }
  return nodes.length > nameNodesMax ? null : nodes;
}

/** NameNodes of one nameservice: an active one and its standbys. */
export const nameNodesMax = 8;
