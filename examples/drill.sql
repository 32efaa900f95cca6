-- A restore drill: prove the backups, restore them on a server that has nothing but the files, and meet a damaged set.
-- `node examples/drill.ts` performs this file. Paths, names and passwords are yours to replace.

-- == A tenant whose backups are encrypted
-- As root@sys:
CREATE RESOURCE UNIT unit_vault MAX_CPU 1, MEMORY_SIZE '5G';
CREATE RESOURCE POOL pool_vault UNIT = 'unit_vault', UNIT_NUM = 1, ZONE_LIST = ('zone1');
CREATE TENANT vault PRIMARY_ZONE = 'zone1', RESOURCE_POOL_LIST = ('pool_vault') SET ob_tcp_invited_nodes = '%';
ALTER SYSTEM SET tde_method = 'internal' TENANT = vault;

-- == Master key, archive and data destination
-- As root@vault:
ALTER INSTANCE ROTATE INNODB MASTER KEY;
ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///backup/vault/archive';
ALTER SYSTEM ARCHIVELOG;
-- Repeat until STATUS is DOING:
SELECT ROUND_ID, STATUS FROM oceanbase.DBA_OB_ARCHIVELOG;
ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///backup/vault/data';

-- == The key goes where the backups are not
-- As root@vault:
ALTER SYSTEM BACKUP KEY TO 'file:///backup/vault/key' ENCRYPTED BY 'k3y-pass';

-- == The first full backup
-- As root@vault:
ALTER SYSTEM BACKUP DATABASE;
-- Repeat until STATUS is SUCCESS:
SELECT BACKUP_SET_ID, BACKUP_TYPE, ENCRYPTION_MODE, STATUS FROM oceanbase.DBA_OB_BACKUP_SET_FILES WHERE BACKUP_SET_ID = 1;

-- == Somebody stops the archive, and starts it again later
-- As root@vault:
ALTER SYSTEM NOARCHIVELOG;
-- Repeat until STATUS is STOP:
SELECT ROUND_ID, STATUS, CHECKPOINT_SCN_DISPLAY FROM oceanbase.DBA_OB_ARCHIVELOG;

-- == The archive again: a new round needs a new full set
-- As root@vault:
ALTER SYSTEM ARCHIVELOG;
-- Repeat until STATUS is DOING:
SELECT ROUND_ID, STATUS FROM oceanbase.DBA_OB_ARCHIVELOG;
ALTER SYSTEM BACKUP DATABASE;
-- Repeat until STATUS is SUCCESS:
SELECT BACKUP_SET_ID, BACKUP_TYPE, ENCRYPTION_MODE, STATUS FROM oceanbase.DBA_OB_BACKUP_SET_FILES WHERE BACKUP_SET_ID = 2;

-- == An increment
-- As root@vault:
-- Repeat until running is 0:
SELECT COUNT(*) AS running FROM oceanbase.DBA_OB_BACKUP_JOBS;
ALTER SYSTEM BACKUP INCREMENTAL DATABASE;
-- Repeat until STATUS is SUCCESS:
SELECT BACKUP_SET_ID, BACKUP_TYPE, PREV_INC_BACKUP_SET_ID, STATUS FROM oceanbase.DBA_OB_BACKUP_SET_FILES WHERE BACKUP_SET_ID = 3;

-- == What can be restored, and what cannot
-- As root@vault:
SELECT KIND, FROM_SCN_DISPLAY, TO_SCN_DISPLAY, FIRST_BACKUP_SET_ID, LAST_BACKUP_SET_ID, ROUND_ID, COMMENT FROM oceanbase.DBA_OB_RECOVERABLE_WINDOW;

-- == Read every byte back
-- As root@vault:
SELECT OBJECT_TYPE, BACKUP_SET_ID, ROUND_ID, PIECE_ID, RESULT FROM oceanbase.DBA_OB_BACKUP_PROOF;
ALTER SYSTEM VALIDATE BACKUP;
-- Repeat until STATUS is COMPLETED:
SELECT JOB_ID, TYPE, LEVEL, STATUS, TASK_COUNT, FINISH_TASK_COUNT, DAMAGED_COUNT, RESULT, COMMENT FROM oceanbase.DBA_OB_BACKUP_VALIDATE_JOB_HISTORY WHERE TYPE = 'BACKUP';
SELECT OBJECT_TYPE, BACKUP_SET_ID, ROUND_ID, PIECE_ID, LAST_VERIFIED_TIMESTAMP, METHOD, ELAPSED_SECONDS, BYTES, RESULT, COMMENT FROM oceanbase.DBA_OB_BACKUP_PROOF;

-- == On the other server: nothing but the files
-- As root@sys:
CREATE RESOURCE UNIT unit_drill MAX_CPU 1, MEMORY_SIZE '5G';
CREATE RESOURCE POOL pool_drill UNIT = 'unit_drill', UNIT_NUM = 1, ZONE_LIST = ('zone1');
-- Refused with 4369, without the key:
ALTER SYSTEM RESTORE vault FROM 'file:///backup/vault/data,file:///backup/vault/archive' WITH 'pool_list=pool_drill';
ALTER SYSTEM RESTORE vault FROM 'file:///backup/vault/data,file:///backup/vault/archive' WITH 'pool_list=pool_drill' WITH KEY FROM 'file:///backup/vault/key' ENCRYPTED BY 'k3y-pass' DESCRIPTION = 'drill';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, START_TIMESTAMP, FINISH_TIMESTAMP, BACKUP_SET_LIST, COMMENT, DESCRIPTION FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'vault' AND TENANT_ID = 1;
ALTER SYSTEM ACTIVATE STANDBY TENANT = vault;

-- == A bit has flipped
-- As root@vault:
ALTER SYSTEM VALIDATE BACKUPSET = 3;
-- Repeat until STATUS is COMPLETED:
SELECT JOB_ID, TYPE, STATUS, DAMAGED_COUNT, RESULT, COMMENT FROM oceanbase.DBA_OB_BACKUP_VALIDATE_JOB_HISTORY WHERE TYPE = 'BACKUPSET';
SELECT KIND, OBJECT, PLACE, FINDING, BACKUP_SET_ID FROM oceanbase.DBA_OB_BACKUP_VALIDATE_FINDINGS;
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, FILE_STATUS FROM oceanbase.DBA_OB_BACKUP_SET_FILES;
SELECT BACKUP_SET_ID, RESULT, DAMAGED_COUNT, COMMENT FROM oceanbase.DBA_OB_BACKUP_PROOF WHERE OBJECT_TYPE = 'BACKUP SET';

-- == The server that knows takes another set
-- As root@sys:
CREATE RESOURCE POOL pool_again UNIT = 'unit_vault', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RESTORE FROM 'file:///backup/vault/data,file:///backup/vault/archive' PREVIEW;
SHOW RESTORE PREVIEW;
ALTER SYSTEM RESTORE vault_again FROM 'file:///backup/vault/data,file:///backup/vault/archive' WITH 'pool_list=pool_again' WITH KEY FROM 'file:///backup/vault/key' ENCRYPTED BY 'k3y-pass';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, BACKUP_SET_LIST, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'vault_again' AND TENANT_ID = 1;
ALTER SYSTEM ACTIVATE STANDBY TENANT = vault_again;

-- == The server that does not know fails, and names the file
-- As root@sys:
CREATE RESOURCE POOL pool_blind UNIT = 'unit_drill', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RESTORE vault_blind FROM 'file:///backup/vault/data,file:///backup/vault/archive' WITH 'pool_list=pool_blind' WITH KEY FROM 'file:///backup/vault/key' ENCRYPTED BY 'k3y-pass';
-- Repeat until STATUS is FAIL:
SELECT STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'vault_blind' AND TENANT_ID = 1;
SELECT TENANT_NAME, TENANT_ROLE, STATUS FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_TYPE = 'USER';

-- == Its way out: name the set and the piece that are whole
-- As root@sys:
DROP TENANT vault_blind FORCE;
ALTER SYSTEM ADD RESTORE SOURCE 'file:///backup/vault/data/backup_set_2_full';
ALTER SYSTEM ADD RESTORE SOURCE 'file:///backup/vault/archive/piece_d1001r2p2';
ALTER SYSTEM RESTORE vault_whole WITH 'pool_list=pool_blind' WITH KEY FROM 'file:///backup/vault/key' ENCRYPTED BY 'k3y-pass';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, BACKUP_SET_LIST, BACKUP_PIECE_LIST, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'vault_whole' AND TENANT_ID = 1;
ALTER SYSTEM ACTIVATE STANDBY TENANT = vault_whole;
