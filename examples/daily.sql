-- A week of backups: a full set on Sundays, increments on the other days, and a policy that clears away what nobody needs.
-- `node examples/daily.ts` performs this file, with a window of seconds for that of a week. Paths and days are yours to replace.

-- == A tenant, its archive and its data destination
-- As root@sys:
CREATE RESOURCE UNIT unit_daily MAX_CPU 1, MEMORY_SIZE '5G';
CREATE RESOURCE POOL pool_daily UNIT = 'unit_daily', UNIT_NUM = 1, ZONE_LIST = ('zone1');
CREATE TENANT daily PRIMARY_ZONE = 'zone1', RESOURCE_POOL_LIST = ('pool_daily') SET ob_tcp_invited_nodes = '%';
ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///backup/daily/archive PIECE_SWITCH_INTERVAL=1d' TENANT = daily;
ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///backup/daily/data' TENANT = daily;

-- == Archive
-- As root@daily:
ALTER SYSTEM ARCHIVELOG;
-- Repeat until STATUS is DOING:
SELECT ROUND_ID, STATUS, PATH FROM oceanbase.DBA_OB_ARCHIVELOG;

-- == Sunday: a full backup
-- As root@daily:
ALTER SYSTEM BACKUP DATABASE DESCRIPTION = 'sunday';
-- Repeat until STATUS is COMPLETED:
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, RESULT, DESCRIPTION FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY WHERE BACKUP_SET_ID = 1;

-- == Monday: what changed since Sunday
-- As root@daily:
ALTER SYSTEM BACKUP INCREMENTAL DATABASE DESCRIPTION = 'monday';
-- Repeat until STATUS is COMPLETED:
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, RESULT, DESCRIPTION FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY WHERE BACKUP_SET_ID = 2;

-- == Tuesday: an increment with its own log, for restores from the data path alone
-- As root@daily:
ALTER SYSTEM BACKUP INCREMENTAL DATABASE PLUS ARCHIVELOG DESCRIPTION = 'tuesday';
-- Repeat until STATUS is COMPLETED:
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, RESULT, DESCRIPTION FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY WHERE BACKUP_SET_ID = 3;
SELECT BACKUP_SET_ID, BACKUP_TYPE, PREV_FULL_BACKUP_SET_ID, PREV_INC_BACKUP_SET_ID, PLUS_ARCHIVELOG, FILE_STATUS, INPUT_BYTES, OUTPUT_BYTES FROM oceanbase.DBA_OB_BACKUP_SET_FILES;

-- == Tuesday again, from the data path alone
-- As root@sys:
CREATE RESOURCE POOL pool_tuesday UNIT = 'unit_daily', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RESTORE tuesday FROM 'file:///backup/daily/data' WITH 'pool_list=pool_tuesday';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, BACKUP_SET_LIST, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'tuesday' AND TENANT_ID = 1;
ALTER SYSTEM ACTIVATE STANDBY TENANT = tuesday;

-- == Saturday: the disk of the archive gets its maintenance
-- As root@daily:
ALTER SYSTEM NOARCHIVELOG;
-- Repeat until STATUS is STOP:
SELECT ROUND_ID, STATUS, CHECKPOINT_SCN_DISPLAY FROM oceanbase.DBA_OB_ARCHIVELOG;
ALTER SYSTEM ARCHIVELOG;
-- Repeat until STATUS is DOING:
SELECT ROUND_ID, STATUS FROM oceanbase.DBA_OB_ARCHIVELOG;

-- == The next Sunday: the next full backup
-- As root@daily:
ALTER SYSTEM BACKUP DATABASE DESCRIPTION = 'second sunday';
-- Repeat until STATUS is COMPLETED:
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, RESULT, DESCRIPTION FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY WHERE BACKUP_SET_ID = 4;

-- == A week later: another increment
-- As root@daily:
-- Repeat until old is 1:
SELECT END_TIMESTAMP < NOW(6) - INTERVAL 7 DAY AS old FROM oceanbase.DBA_OB_BACKUP_SET_FILES WHERE BACKUP_SET_ID = 4;
ALTER SYSTEM BACKUP INCREMENTAL DATABASE DESCRIPTION = 'a week later';
-- Repeat until STATUS is COMPLETED:
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, RESULT, DESCRIPTION FROM oceanbase.DBA_OB_BACKUP_JOB_HISTORY WHERE BACKUP_SET_ID = 5;

-- == What can be restored before anything is cleared away
-- As root@daily:
SELECT KIND, FROM_SCN_DISPLAY, TO_SCN_DISPLAY, FIRST_BACKUP_SET_ID, LAST_BACKUP_SET_ID, ROUND_ID, COMMENT FROM oceanbase.DBA_OB_RECOVERABLE_WINDOW;

-- == What a window of seven days would drop, and why
-- As root@daily:
ALTER SYSTEM DELETE OBSOLETE BACKUP RECOVERY_WINDOW = '7d' DRY RUN;

-- == The policy: at once, and then every hour
-- As root@daily:
ALTER SYSTEM ADD DELETE BACKUP POLICY = 'default' RECOVERY_WINDOW = '7d';
SELECT POLICY_NAME, RECOVERY_WINDOW FROM oceanbase.DBA_OB_BACKUP_DELETE_POLICY;
-- Repeat until STATUS is COMPLETED:
SELECT JOB_ID, TYPE, PARAMETER, STATUS, TASK_COUNT, SUCCESS_TASK_COUNT, RESULT, COMMENT FROM oceanbase.DBA_OB_BACKUP_DELETE_JOB_HISTORY;

-- == What is left
-- As root@daily:
SELECT TASK_ID, TASK_TYPE, ID, ROUND_ID, STATUS, RESULT, COMMENT, PATH FROM oceanbase.DBA_OB_BACKUP_DELETE_TASK_HISTORY;
SELECT ROUND_ID, PIECE_ID, STATUS, FILE_STATUS FROM oceanbase.DBA_OB_ARCHIVELOG_PIECE_FILES;
SELECT KIND, FROM_SCN_DISPLAY, TO_SCN_DISPLAY, FIRST_BACKUP_SET_ID, LAST_BACKUP_SET_ID, ROUND_ID, COMMENT FROM oceanbase.DBA_OB_RECOVERABLE_WINDOW;
SELECT BACKUP_SET_ID, BACKUP_TYPE, STATUS, FILE_STATUS FROM oceanbase.DBA_OB_BACKUP_SET_FILES;

-- == The policy ends; what is left restores
-- As root@sys:
ALTER SYSTEM DROP DELETE BACKUP POLICY 'default' TENANT = daily;
CREATE RESOURCE POOL pool_after UNIT = 'unit_daily', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RESTORE after_cleaning FROM 'file:///backup/daily/data,file:///backup/daily/archive' WITH 'pool_list=pool_after';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, BACKUP_SET_LIST, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'after_cleaning' AND TENANT_ID = 1;
ALTER SYSTEM ACTIVATE STANDBY TENANT = after_cleaning;
