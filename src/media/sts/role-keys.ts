import type { Clock } from '../../base/clock.ts';
import { checkSignal } from '../file-errors.ts';
import { orCancelled } from '../or-cancelled.ts';
import { assumeRole, type RoleKeys } from './assume-role.ts';
import { renewBeforeMs, renewPauseMs, rolesMax } from './limits.ts';
import type { Keys } from './own-keys.ts';
import type { Role } from './role.ts';

interface Held {
  keys: RoleKeys | null;
  endsMs: number;
  renewMs: number;
  asking: Promise<Keys> | null;
}

/** What every medium of this thread that speaks for a role shares, the newest last. */
const held = new Map<string, Held>();

/**
 * Keys of a role that hold at the moment. Towards their end new ones are asked for while they serve on, so that nobody waits for a
 * service that is away before he must; many who ask at once ask it once. Errors as those of `assumeRole`, and `cancelled`: the signal
 * ends the wait only.
 */
export async function roleKeys(role: Role, clock: Clock, key: string, signal?: AbortSignal): Promise<Keys> {
  checkSignal(key, signal);
  const own = heldOf(role);
  const { keys } = own;
  const nowMs = clock.nowUs() / 1_000;
  if (keys !== null && nowMs < own.renewMs) return keys;
  own.asking ??= ask(own, role, clock).finally(() => {
    own.asking = null;
  });
  if (keys === null || nowMs >= own.endsMs) return orCancelled(own.asking, key, signal);
  own.asking.catch(() => undefined);
  return keys;
}

/** Forgets keys the store has refused as ended; newer ones stay. */
export function forgetRoleKeys(role: Role, refused: Keys): void {
  const own = heldOf(role);
  if (own.keys?.token === refused.token) own.keys = null;
}

async function ask(own: Held, role: Role, clock: Clock): Promise<Keys> {
  try {
    const keys = await assumeRole(role, clock);
    own.keys = keys;
    own.endsMs = clock.nowUs() / 1_000 + keys.lastsMs;
    own.renewMs = own.endsMs - Math.min(renewBeforeMs, keys.lastsMs / 4);
    return keys;
  } catch (error) {
    own.renewMs = clock.nowUs() / 1_000 + renewPauseMs;
    throw error;
  }
}

function heldOf(role: Role): Held {
  const { vendor, arn, externalId, region, endpoint, caFile } = role;
  const name = JSON.stringify([
    vendor,
    arn,
    externalId,
    region,
    endpoint.tls,
    endpoint.hostname,
    endpoint.port,
    caFile,
  ]);
  const own = held.get(name) ?? { keys: null, endsMs: 0, renewMs: 0, asking: null };
  held.delete(name);
  held.set(name, own);
  const [oldest] = held.keys();
  if (held.size > rolesMax && oldest !== undefined) held.delete(oldest);
  return own;
}
