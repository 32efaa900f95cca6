import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { errnoOf } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import { keysFileBytes } from './limits.ts';
import { machineKeys } from './machine-keys.ts';
import type { Role } from './role.ts';

/** Keys a request is signed with. */
export interface Keys {
  readonly accessId: string;
  readonly accessKey: string;
  /** What makes temporary keys valid, `''` for lasting ones. */
  readonly token: string;
}

/** The names under which each cloud's own tools look for keys. */
const names: Readonly<Record<Role['vendor'], Readonly<Record<keyof Keys, string>>>> = {
  aws: { accessId: 'AWS_ACCESS_KEY_ID', accessKey: 'AWS_SECRET_ACCESS_KEY', token: 'AWS_SESSION_TOKEN' },
  aliyun: {
    accessId: 'ALIBABA_CLOUD_ACCESS_KEY_ID',
    accessKey: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
    token: 'ALIBABA_CLOUD_SECURITY_TOKEN',
  },
};

/** Names the file with the keys of this server: lines `NAME=value`, the names as in the environment. */
export const keysFileVariable = 'OBVAULT_CREDENTIALS_FILE';

/**
 * The keys this server has of its own at a cloud, with which it asks for roles: from the file that `OBVAULT_CREDENTIALS_FILE` names,
 * which is read anew each time; else from the environment; else those of the machine's role. Errors: `denied` (there are none; the
 * file cannot be read, or others may), and those of `machineKeys`.
 */
export async function ownKeys(
  vendor: Role['vendor'],
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<Keys> {
  const file = environment[keysFileVariable];
  const inFile = file !== undefined && file !== '';
  const values = inFile ? linesOf(await readPrivate(file)) : environment;
  const wanted = names[vendor];
  const named = values[wanted.accessId] ?? '';
  const told = { accessId: named, accessKey: values[wanted.accessKey] ?? '', token: values[wanted.token] ?? '' };
  const keys = named === '' && !inFile ? ((await machineKeys(vendor, environment, clock)) ?? told) : told;
  if (!/^[\x21-\x7e]+$/.test(keys.accessId) || keys.accessKey === '')
    throw new MediumError(
      'denied',
      '',
      `this server has no keys to ask for a role: ${wanted.accessId}, ${wanted.accessKey}`,
    );
  return keys;
}

async function readPrivate(path: string): Promise<string> {
  const refuse = (why: string) => new MediumError('denied', '', `${keysFileVariable}: ${why}`);
  // A pipe would keep us waiting until somebody writes.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw refuse(errnoOf(error) || 'it cannot be read');
  });
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > keysFileBytes) throw refuse('it is no file of keys');
    if ((found.mode & 0o077) !== 0) throw refuse('others than its owner may use it');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function linesOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split('\n').flatMap((line) => {
    const match = /^\s*([A-Z_]+)\s*=\s*(\S.*?)\s*$/.exec(line);
    return match ? [[match[1], match[2]] as const] : [];
  });
  return Object.fromEntries(pairs);
}
