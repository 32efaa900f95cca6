import { abilitiesOf } from './abilities.ts';
import type { MediumAddress } from './open-medium.ts';
import { probeProperties } from './probe.ts';

/** What a probe is to find on a medium, and by what means the medium keeps it. */
export interface Promised {
  readonly result: 'OK' | 'NO' | 'UNKNOWN';
  readonly how: string;
}

/** One medium of the table: a scheme, or one way of using it. */
export interface MediumPromises {
  readonly medium: string;
  /** An address of this kind; nothing is reached through it. */
  readonly address: MediumAddress;
  readonly createOnly: string;
  readonly largeObject: string;
  /** Whose clock is told. */
  readonly clock: 'the server' | 'an object';
  readonly freeSpace: boolean;
}

const keys = { accessId: 'id', accessKey: 'key' };
const none = { accessId: '', accessKey: '' };
const store = { host: '127.0.0.1:1', authorization: keys, options: {} };
const own = { host: '', authorization: keys };
const namenode = '127.0.0.1:1';

export const mediaPromises: readonly MediumPromises[] = [
  {
    medium: '`file://` (disk, NFS or CIFS mount)',
    address: { scheme: 'file', path: 'file:///dir', host: '', authorization: none, options: {} },
    createOnly: 'link',
    largeObject: 'temporary name, synced, renamed',
    clock: 'an object',
    freeSpace: true,
  },
  {
    medium: '`oss://`',
    address: { scheme: 'oss', path: 'oss://bucket/dir', ...store },
    createOnly: 'forbid-overwrite header; not where versions are suspended',
    largeObject: 'multipart upload',
    clock: 'the server',
    freeSpace: false,
  },
  {
    medium: '`cos://`',
    address: { scheme: 'cos', path: 'cos://bucket/dir', ...store, options: { appid: '1250000000' } },
    createOnly: 'forbid-overwrite header; not where versions are suspended',
    largeObject: 'multipart upload',
    clock: 'the server',
    freeSpace: false,
  },
  {
    medium: '`s3://`',
    address: { scheme: 's3', path: 's3://bucket/dir', ...store },
    createOnly: 'If-None-Match',
    largeObject: 'multipart upload',
    clock: 'the server',
    freeSpace: false,
  },
  {
    medium: '`sftp://`',
    address: {
      scheme: 'sftp',
      path: 'sftp://user@127.0.0.1:1/dir',
      ...own,
      options: { host_key: `SHA256:${'A'.repeat(43)}` },
    },
    createOnly: 'hard link',
    largeObject: 'temporary name, synced, renamed',
    clock: 'an object',
    freeSpace: true,
  },
  {
    medium: '`cifs://` through smbclient',
    address: { scheme: 'cifs', path: 'cifs://127.0.0.1:1/share/dir', ...own, options: {} },
    createOnly: 'hard link',
    largeObject: 'temporary name, renamed',
    clock: 'an object',
    freeSpace: true,
  },
  {
    medium: '`cifs://` on a mounted path',
    address: {
      scheme: 'cifs',
      path: 'cifs://127.0.0.1:1/share/dir',
      host: '',
      authorization: none,
      options: { mount: '/mnt' },
    },
    createOnly: 'link',
    largeObject: 'temporary name, synced, renamed',
    clock: 'an object',
    freeSpace: true,
  },
  {
    medium: '`hdfs://` over WebHDFS',
    address: { scheme: 'hdfs', path: 'hdfs://service/dir', ...own, options: { namenode } },
    createOnly: 'RENAME without overwriting',
    largeObject: 'temporary name, renamed',
    clock: 'the server',
    freeSpace: true,
  },
  {
    medium: '`hdfs://` over HttpFS',
    address: { scheme: 'hdfs', path: 'hdfs://service/dir', ...own, options: { namenode, gateway: 'httpfs' } },
    createOnly: 'RENAME without overwriting',
    largeObject: 'temporary name, renamed',
    clock: 'the server',
    freeSpace: true,
  },
];

/** Properties that hold on every medium in the same way; the others are columns of the table. */
export const everywhere: readonly string[] = [
  'LIST',
  'WRITE',
  'READ BACK',
  'LIST FRESHNESS',
  'DELETE',
  'LATENCY',
  'CLEAN UP',
];

/** What the probe is to find on a medium. A server that lacks an extension may fall short of it; then the probe says so. */
export function promised(promises: MediumPromises, property: string): Promised {
  const { append, tagging, atomicReplace } = abilitiesOf(promises.address);
  switch (property) {
    case 'CREATE ONLY':
      return { result: 'OK', how: promises.createOnly };
    case 'REPLACE':
      if (promises.address.scheme === 'sftp') return { result: 'OK', how: 'posix-rename, else a gap' };
      return atomicReplace ? { result: 'OK', how: 'atomic' } : { result: 'NO', how: 'a gap' };
    case 'LARGE OBJECT':
      return { result: 'OK', how: promises.largeObject };
    case 'APPEND':
      return { result: 'OK', how: append === 'native' ? 'one object grows' : 'numbered parts' };
    case 'TAGGING':
      return tagging ? { result: 'OK', how: 'yes' } : { result: 'NO', how: 'no' };
    case 'CLOCK DIFFERENCE':
      return { result: 'OK', how: `by ${promises.clock}` };
    case 'FREE SPACE':
      return promises.freeSpace ? { result: 'OK', how: 'told' } : { result: 'UNKNOWN', how: 'not told' };
    default:
      return { result: 'OK', how: 'yes' };
  }
}

/** The promises of the medium an address leads to. */
export function promisesOf({ scheme, options }: Pick<MediumAddress, 'scheme' | 'options'>): MediumPromises {
  const found = mediaPromises.find(
    ({ address }) =>
      address.scheme === scheme &&
      (address.options['gateway'] ?? 'webhdfs') === (options['gateway'] ?? 'webhdfs') &&
      (address.options['mount'] === undefined) === (options['mount'] === undefined),
  );
  if (!found) throw new Error(`no promises of ${scheme}`);
  return found;
}

/** The table of README.md: each medium, and how it keeps what the probe asks for. */
export function mediaTable(): string {
  const columns = probeProperties.filter(({ property }) => !everywhere.includes(property));
  const shared = probeProperties.filter(({ property }) => everywhere.includes(property));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = mediaPromises.map((promises) =>
    line([promises.medium, ...columns.map(({ property }) => promised(promises, property).how)]),
  );
  return [
    line(['Medium', ...columns.map(({ property }) => property)]),
    line(['---', ...columns.map(() => '---')]),
    ...rows,
    '',
    `On all of them: ${shared.map(({ property, about }) => `${property} (${about})`).join(', ')}.`,
    `The columns: ${columns.map(({ property, about }) => `${property} (${about})`).join(', ')}.`,
  ].join('\n');
}
