import { fault } from '../base/errors.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys } from './tenant-clause.ts';

/** The list of restore sources is a matter of sys, which the resolver says in words of its own. */
async function requireSys(_: unknown, speaker: Speaker): Promise<void> {
  if (!isSys(speaker)) throw fault('OB_NOT_SUPPORTED', 'non-sys tenant set add restore source is');
}

/** ALTER SYSTEM ADD RESTORE SOURCE: remembered by the session, not looked at before a RESTORE uses it. */
export const addRestoreSource = handler<'addRestoreSource', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  resolve: requireSys,
  check: async () => null,
  async run(_, { source }, speaker) {
    speaker.memory.restoreSources = [...speaker.memory.restoreSources, source];
    return {};
  },
});

export const clearRestoreSource = handler<'clearRestoreSource', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  resolve: requireSys,
  check: async () => null,
  async run(_, __, speaker) {
    speaker.memory.restoreSources = [];
    return {};
  },
});

/** ALTER SYSTEM RESTORE … PREVIEW: remembered by the session; SHOW RESTORE PREVIEW reads and decides. */
export const restorePreview = handler<'restorePreview', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  check: async () => null,
  async run(_, { from, until }, speaker) {
    speaker.memory.preview = { from, until };
    return {};
  },
});
