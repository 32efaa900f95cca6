import { fault } from '../base/errors.ts';
import { sysTenantId } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import { orCancelled } from '../media/or-cancelled.ts';
import type { ObStatement, ObStatementKind } from '../sql/statement.ts';
import { hasPrivilege } from './privileges.ts';
import { handlers } from './registry.ts';
import type { Speaker, StatementAccess, StatementHandler, StatementResult } from './statement-handler.ts';

/**
 * Says one of OceanBase's statements: resolver's refusals, then privileges, then the checks of the service, then the one durable
 * step. Everything a user can cause is thrown as a coded error before anything has changed.
 */
export async function runObStatement(
  statement: ObStatement,
  speaker: Speaker,
  controller: Controller,
): Promise<StatementResult> {
  const one = handlers[statement.kind] as StatementHandler<ObStatementKind>;
  const { signal } = speaker;
  try {
    await one.resolve?.(statement, speaker, controller);
    requireAccess(one.access, speaker);
    // A check changes nothing: nobody has to wait for one that reads from a medium which hangs.
    const checked = await orCancelled(one.check(statement, speaker, controller), '', signal);
    return await one.run(checked, statement, speaker, controller);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}

/** 1227: with the privilege's name when it is missing, plain when the tenant is of the wrong kind. */
export function requireAccess(access: StatementAccess, speaker: Speaker): void {
  if (access.privilege !== null && !hasPrivilege(speaker, access.privilege)) {
    throw fault('OB_ERR_NO_PRIVILEGE', access.privilege);
  }
  if (access.tenants === 'sys' && speaker.loginTenant.tenantId !== sysTenantId) throw fault('OB_ERR_NO_PRIVILEGE');
}
