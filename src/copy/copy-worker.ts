import { workerData } from 'node:worker_threads';
import { giveWay, niceness } from '../base/thread-priority.ts';
import type { ThreadModule } from '../tenants/tenant-engine.ts';
import { type ApplyTaskInput, applyTask } from './apply-task.ts';
import { type BackupTaskInput, backupTask } from './backup-task.ts';
import { type CheckTaskInput, checkTask } from './check-task.ts';
import { type RestoreTaskInput, restoreTask } from './restore-task.ts';
import { serveThread } from './thread-guest.ts';
import { systemIo, type ThreadIo } from './thread-io.ts';
import { type VerifyDataInput, type VerifyLogInput, verifyDataTask, verifyLogTask } from './verify-task.ts';

/** Entry of a copy thread. */
const wrapped = (workerData as { readonly io: ThreadModule | null }).io;
const io = wrapped ? await wrapIo(wrapped) : systemIo;

giveWay(niceness.copying);
serveThread({
  backup: (input: BackupTaskInput, context) => backupTask(input, context, io),
  restore: (input: RestoreTaskInput, context) => restoreTask(input, context, io),
  apply: (input: ApplyTaskInput, context) => applyTask(input, context),
  check: (input: CheckTaskInput) => checkTask(input),
  verifyData: (input: VerifyDataInput, context) => verifyDataTask(input, context, io),
  verifyLog: (input: VerifyLogInput, context) => verifyLogTask(input, context, io),
});

async function wrapIo(module: ThreadModule): Promise<ThreadIo> {
  const loaded = (await import(module.module)) as { wrapThreadIo(io: ThreadIo, data: unknown): ThreadIo };
  return loaded.wrapThreadIo(systemIo, module.data);
}
