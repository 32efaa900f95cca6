import { createArchiveDriver } from './jobs/archive/archive-driver.ts';
import { mostArchivePauseMs } from './jobs/archive/lag-target.ts';
import { createBackupDriver } from './jobs/backup/backup-driver.ts';
import { createCleanDriver } from './jobs/clean/clean-driver.ts';
import type { Controller } from './jobs/controller.ts';
import { startLoop } from './jobs/loop.ts';
import { createRecoverTableDriver } from './jobs/recover-table/recover-table-driver.ts';
import { createRestoreDriver } from './jobs/restore/restore-driver.ts';
import { createStandbyDriver } from './jobs/standby/standby-driver.ts';
import { createValidateDriver } from './jobs/validate/validate-driver.ts';

/** The work that goes on without anybody asking. */
export interface Background {
  wakeArchive(): void;
  wakeBackup(): void;
  wakeRestore(): void;
  wakeValidate(): void;
  wakeClean(): void;
  holdStandby<T>(tenantId: number, work: () => Promise<T>): Promise<T>;
  /** Ends what is done for a tenant that is being dropped. */
  forget(tenantId: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the loops of archive, backup and restore. */
export function startBackground(controller: Controller): Background {
  const { clock, log, settings } = controller;
  const drivers = {
    archive: createArchiveDriver(controller),
    backup: createBackupDriver(controller),
    restore: createRestoreDriver(controller),
    validate: createValidateDriver(controller),
    clean: createCleanDriver(controller),
    standby: createStandbyDriver(controller),
    recoverTable: createRecoverTableDriver(controller),
  };
  const forget = async (tenantId: number) => {
    for (const driver of Object.values(drivers)) await driver.forget(tenantId);
  };
  const start = (name: keyof typeof drivers, intervalMs: number) =>
    startLoop({ name, clock, log, intervalMs, pass: (signal) => drivers[name].pass(signal) });
  const loops = {
    archive: start('archive', Math.min(settings.tickMs, mostArchivePauseMs)),
    backup: start('backup', settings.tickMs),
    restore: start('restore', settings.tickMs),
    validate: start('validate', settings.tickMs),
    clean: start('clean', settings.tickMs),
    standby: start('standby', settings.tickMs),
    recoverTable: start('recoverTable', settings.tickMs),
  };
  return {
    wakeArchive: loops.archive.wake,
    wakeBackup: loops.backup.wake,
    wakeValidate: loops.validate.wake,
    wakeClean: loops.clean.wake,
    wakeRestore() {
      loops.restore.wake();
      loops.standby.wake();
      loops.recoverTable.wake();
    },
    holdStandby: (tenantId, work) => drivers.standby.hold(tenantId, work),
    forget,
    async stop() {
      await Promise.all(Object.values(loops).map((loop) => loop.stop()));
      for (const driver of Object.values(drivers)) await driver.close();
    },
  };
}
