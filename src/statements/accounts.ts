import { fault } from '../base/errors.ts';
import type { StatementOf } from '../sql/statement.ts';
import type { AccountName, AccountOptions, AccountSpec } from '../sql/statement-account.ts';
import type { Account } from '../tenants/tenant-account.ts';
import { passwordHash, requestedHash } from './account-password.ts';
import {
  type AccountPlan,
  type AccountScene,
  accountNamed,
  accountStatement,
  isOwn,
  requireNotAdministrator,
  resolveName,
  shownName,
} from './account-plan.ts';
import { hasPrivilege } from './privileges.ts';
import type { StatementAccess } from './statement-handler.ts';

const needsCreateUser: StatementAccess = { privilege: 'CREATE USER', tenants: 'all' };
/** Statements everybody may say of the own account. */
const needsNothing: StatementAccess = { privilege: null, tenants: 'all' };

const maxUserChars = 64;
const maxHostChars = 255;
const existsNote = 3163;
const missingNote = 3162;

/** CREATE USER. Either all the users are made or none. */
export const createUser = accountStatement<'createUser'>(needsCreateUser, (statement, scene) => {
  requireServedOptions(statement);
  const present = statement.users.filter((spec) => accountNamed(scene, spec) !== null);
  if (present.length > 0 && !statement.ifNotExists) throw failed('CREATE USER', present, scene);
  const missing = statement.users.filter((spec) => !present.includes(spec));
  const puts = missing.map((spec) => newAccount(spec, statement.lock ?? false, scene));
  requireDistinct('CREATE USER', puts);
  const message = (spec: AccountSpec) => `Authorization ID ${shownName(resolveName(spec, scene))} already exists.`;
  return { puts, notes: present.map((spec) => ({ errno: existsNote, message: message(spec) })) };
});

/** An account without any privilege; 1396 without a name, 1470 for names that are too long. */
export function newAccount(spec: AccountSpec, locked: boolean, scene: AccountScene): Account {
  const { user, host } = resolveName(spec, scene);
  requireName({ user, host });
  const secret = spec.secret ?? { kind: 'text', text: '' };
  const hash = requestedHash({ ...spec, secret }, user, scene.globals);
  return { user, host, passwordHash: hash ?? '', locked, grants: [] };
}

function requireName({ user, host }: Pick<Account, 'user' | 'host'>): void {
  if (user === '') throw fault('ER_CANNOT_USER', 'CREATE USER', shownName({ user, host }));
  if ([...user].length > maxUserChars) throw fault('ER_WRONG_STRING_LENGTH', user, 'user name', maxUserChars);
  if ([...host].length > maxHostChars) throw fault('ER_WRONG_STRING_LENGTH', host, 'host name', maxHostChars);
}

/** ALTER USER: password and lock. The own password needs no privilege. */
export const alterUser = accountStatement<'alterUser'>(needsNothing, (statement, scene) => {
  requireAlteration(statement, scene);
  const missing = statement.users.filter((spec) => accountNamed(scene, spec) === null);
  if (missing.length > 0 && !statement.ifExists) throw failed('ALTER USER', missing, scene);
  const puts = statement.users.flatMap((spec) => {
    const account = accountNamed(scene, spec);
    if (account === null) return [];
    if (statement.lock === true) requireNotAdministrator(account, scene);
    const hash = requestedHash(spec, account.user, scene.globals);
    return [{ ...account, locked: statement.lock ?? account.locked, passwordHash: hash ?? account.passwordHash }];
  });
  requireDistinct('ALTER USER', puts);
  return { puts, notes: missing.map((spec) => missingAccount(spec, scene)) };
});

function requireAlteration(statement: StatementOf<'alterUser'>, scene: AccountScene): void {
  const own = statement.users.every((spec) => isOwn(resolveName(spec, scene), scene));
  if (!(own && statement.lock === null)) requireCreateUser(scene);
  requireServedOptions(statement);
  if (statement.lock !== null || statement.require !== null || statement.maxUserConnections !== null) return;
  if (statement.users.some((spec) => spec.secret === null)) {
    throw fault('OB_NOT_SUPPORTED', 'ALTER USER without a password or an option is');
  }
}

/** DROP USER. */
export const dropUser = accountStatement<'dropUser'>(needsCreateUser, (statement, scene) => {
  const missing = statement.users.filter((name) => accountNamed(scene, name) === null);
  if (missing.length > 0 && !statement.ifExists) throw failed('DROP USER', missing, scene);
  const removes = statement.users.flatMap((name) => accountNamed(scene, name) ?? []);
  for (const account of removes) requireNotAdministrator(account, scene);
  return { puts: [], removes, notes: missing.map((name) => missingAccount(name, scene)) };
});

/** RENAME USER: from left to right, so that names may be swapped through a third one. */
export const renameUser = accountStatement<'renameUser'>(needsCreateUser, ({ renames }, scene) => {
  let now = scene;
  for (const { from, to } of renames) {
    const account = accountNamed(now, from);
    if (account === null || accountNamed(now, to) !== null) throw failed('RENAME USER', [from], scene);
    requireNotAdministrator(account, scene);
    const renamed = { ...account, ...resolveName(to, scene) };
    requireName(renamed);
    now = { ...now, accounts: now.accounts.map((one) => (one === account ? renamed : one)) };
  }
  const puts = now.accounts.filter((account) => !scene.accounts.includes(account));
  const removes = scene.accounts.filter((old) => !now.accounts.some((one) => shownName(one) === shownName(old)));
  return { puts, removes };
});

/** SET PASSWORD: of the own account without a privilege. */
export const setPassword = accountStatement<'setPassword'>(needsNothing, (statement, scene): AccountPlan => {
  const name: AccountName = statement.user ?? { user: '', host: '', current: true };
  if (!isOwn(resolveName(name, scene), scene)) requireCreateUser(scene);
  const account = accountNamed(scene, name);
  if (account === null) throw fault('ER_PASSWORD_NO_MATCH');
  return { puts: [{ ...account, passwordHash: passwordHash(statement.secret, account.user, scene.globals) }] };
});

export function requireCreateUser({ speaker }: AccountScene): void {
  if (!hasPrivilege(speaker, 'CREATE USER')) throw fault('OB_ERR_NO_PRIVILEGE', 'CREATE USER');
}

/** Certificates and limits of connections per account are not served. */
function requireServedOptions({ require, maxUserConnections }: AccountOptions): void {
  if (require !== null && require !== 'NONE') throw fault('OB_NOT_SUPPORTED', `REQUIRE ${require} is`);
  if (maxUserConnections !== null && maxUserConnections !== 0) {
    throw fault('OB_NOT_SUPPORTED', 'MAX_USER_CONNECTIONS is');
  }
}

function requireDistinct(what: string, accounts: readonly Account[]): void {
  const names = accounts.map(shownName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw fault('ER_CANNOT_USER', what, twice);
}

function failed(what: string, names: readonly AccountName[], scene: AccountScene) {
  return fault('ER_CANNOT_USER', what, names.map((name) => shownName(resolveName(name, scene))).join(','));
}

function missingAccount(name: AccountName, scene: AccountScene) {
  return { errno: missingNote, message: `Authorization ID ${shownName(resolveName(name, scene))} does not exist.` };
}
