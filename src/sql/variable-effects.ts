import { fault } from '../base/errors.ts';
import type { VariableDefinition } from './system-variable-table.ts';

/** Variables that something here obeys, by canonical name. */
export const followedVariables: ReadonlySet<string> = new Set([
  'autocommit',
  'character_set_client',
  'character_set_connection',
  'character_set_database',
  'character_set_results',
  'collation_connection',
  'collation_database',
  'foreign_key_checks',
  'identity',
  'innodb_lock_wait_timeout',
  'last_insert_id',
  'max_allowed_packet',
  'net_write_timeout',
  'ob_query_timeout',
  'ob_tcp_invited_nodes',
  'ob_trx_idle_timeout',
  'ob_trx_lock_timeout',
  'sql_mode',
  'sql_safe_updates',
  'sql_select_limit',
  'time_zone',
  'timestamp',
  'tx_isolation',
  'tx_read_only',
  // A permission to skip checks, which nobody has to use.
  'unique_checks',
  'validate_password_check_user_name',
  'validate_password_length',
  'validate_password_mixed_case_count',
  'validate_password_number_count',
  'validate_password_policy',
  'validate_password_special_char_count',
  'wait_timeout',
]);

/**
 * What nothing carries out but this value: another one is refused, because whoever says it relies on it, be it for a
 * result, for a lock or for a closed door.
 */
export const onlyValues: ReadonlyMap<string, string> = new Map([
  ['auto_increment_increment', '1'],
  ['auto_increment_offset', '1'],
  ['block_encryption_mode', 'aes-128-ecb'],
  ['completion_type', 'NO_CHAIN'],
  ['default_week_format', '0'],
  ['div_precision_increment', '4'],
  ['init_connect', ''],
  ['insert_id', '0'],
  ['lc_time_names', 'en_US'],
  ['offline_mode', 'OFF'],
  ['read_only', 'OFF'],
  ['require_secure_transport', 'OFF'],
  ['sql_auto_is_null', 'OFF'],
  ['super_read_only', 'OFF'],
]);

/** Followed by a part of what MySQL and OceanBase have it stand for. */
const partly: ReadonlyMap<string, string> = new Map([
  ['recyclebin', 'holds for DROP TENANT only, all other DROP statements remove for good'],
]);

/** Throws 1235 for a value that could only be taken without an effect. */
export function requireCarriedOut({ name, aliasOf }: VariableDefinition, value: string | null): void {
  const only = onlyValues.get(aliasOf ?? name);
  if (only === undefined || value?.toLowerCase() === only.toLowerCase()) return;
  throw fault('OB_NOT_SUPPORTED', `${name} = ${value} is`);
}

/**
 * What SET says (as a warning 1235) of a value it takes for nothing: clients and dump programs set such variables whenever
 * they connect, so they are kept and shown. Null for a variable that is followed and for the default.
 */
export function ineffective(
  { name, aliasOf, default: built }: VariableDefinition,
  value: string | null,
): string | null {
  const stored = aliasOf ?? name;
  if (value === built || followedVariables.has(stored) || onlyValues.has(stored)) return null;
  return `variable ${name} ${partly.get(stored) ?? 'is kept and shown, it has no effect in this server'}`;
}
