-- Somebody dropped a table: find the moment, look at it aside, and bring the table back into the living tenant.
-- `node examples/dropped-table.ts` performs this file. Paths and moments are yours to replace.

-- == Before: a tenant with archive and a full backup
-- As root@sys:
CREATE RESOURCE UNIT unit_shop MAX_CPU 1, MEMORY_SIZE '5G';
CREATE RESOURCE POOL pool_shop UNIT = 'unit_shop', UNIT_NUM = 1, ZONE_LIST = ('zone1');
CREATE TENANT shop PRIMARY_ZONE = 'zone1', RESOURCE_POOL_LIST = ('pool_shop') SET ob_tcp_invited_nodes = '%';
ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file:///backup/shop/archive' TENANT = shop;
ALTER SYSTEM ARCHIVELOG TENANT = shop;
-- Repeat until STATUS is DOING:
SELECT a.STATUS FROM oceanbase.CDB_OB_ARCHIVELOG a JOIN oceanbase.DBA_OB_TENANTS t USING (TENANT_ID) WHERE t.TENANT_NAME = 'shop';
ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///backup/shop/data' TENANT = shop;

-- == The nightly backup
-- As root@shop:
ALTER SYSTEM BACKUP DATABASE;
-- Repeat until STATUS is SUCCESS:
SELECT BACKUP_SET_ID, STATUS, FILE_STATUS, MIN_RESTORE_SCN_DISPLAY FROM oceanbase.DBA_OB_BACKUP_SET_FILES;

-- == The accident
-- As root@shop:
DROP TABLE sales.orders;
INSERT INTO sales.visits VALUES (1001, 'life goes on');
-- Refused with 1146:
SELECT COUNT(*) FROM sales.orders;

-- == Wait until the archive has passed the moment
-- As root@shop:
-- Repeat until passed is 1:
SELECT CHECKPOINT_SCN_DISPLAY, CHECKPOINT_SCN_DISPLAY > '2026-11-21 10:05:00' AS passed FROM oceanbase.DBA_OB_ARCHIVELOG;

-- == What can be restored, and from which files
-- As root@sys:
SELECT KIND, FROM_SCN_DISPLAY, TO_SCN_DISPLAY, FIRST_BACKUP_SET_ID, LAST_BACKUP_SET_ID, COMMENT FROM oceanbase.CDB_OB_RECOVERABLE_WINDOW WHERE TENANT_ID = (SELECT TENANT_ID FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'shop');
ALTER SYSTEM RESTORE FROM 'file:///backup/shop/data,file:///backup/shop/archive' UNTIL TIME = '2026-11-21 10:00:00' PREVIEW;
SHOW RESTORE PREVIEW;

-- == A moment out of reach: the warning says what can be reached
-- As root@sys:
ALTER SYSTEM RESTORE FROM 'file:///backup/shop/data,file:///backup/shop/archive' UNTIL TIME = '2036-01-01 00:00:00' PREVIEW;
-- Refused with 4018:
SHOW RESTORE PREVIEW;
SHOW WARNINGS;

-- == Aside, to a moment when the table was surely there
-- As root@sys:
CREATE RESOURCE POOL pool_aside UNIT = 'unit_shop', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RESTORE shop_aside FROM 'file:///backup/shop/data,file:///backup/shop/archive' UNTIL TIME = '2026-11-21 10:00:00' WITH 'pool_list=pool_aside';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, BACKUP_SET_LIST, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'shop_aside' AND TENANT_ID = 1;

-- == Find the moment: roll the standby on, and look
-- As root@sys:
ALTER SYSTEM RECOVER STANDBY TENANT = shop_aside UNTIL TIME = '2026-11-21 10:01:00';
-- Repeat until reached is 1:
SELECT TENANT_ROLE, SYNC_SCN, RECOVERY_UNTIL_SCN, SYNC_SCN >= RECOVERY_UNTIL_SCN AS reached FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'shop_aside';

-- == Too far: the table is gone here too
-- As root@shop_aside:
-- Refused with 1146:
SELECT COUNT(*) FROM sales.orders;

-- == Back into the living tenant, under another name
-- As root@sys:
CREATE RESOURCE POOL pool_aux UNIT = 'unit_shop', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RECOVER TABLE sales.orders TO TENANT = shop FROM 'file:///backup/shop/data,file:///backup/shop/archive' UNTIL TIME = '2026-11-21 10:02:00' WITH 'pool_list=pool_aux' REMAP TABLE sales.orders:sales.orders_back;
-- Repeat until STATUS is COMPLETED:
SELECT STATUS, RESULT, TABLE_LIST, REMAP_TABLE_LIST, COMMENT FROM oceanbase.CDB_OB_RECOVER_TABLE_JOB_HISTORY WHERE TARGET_TENANT_NAME = 'shop' ORDER BY TENANT_ID DESC;
SELECT SRC_DATABASE, SRC_TABLE, TARGET_DATABASE, TARGET_TABLE, TABLE_COLUMN, STATUS, RESULT, COMMENT FROM oceanbase.CDB_OB_IMPORT_TABLE_TASK_HISTORY;
SELECT TENANT_NAME, TENANT_ROLE, STATUS FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_TYPE = 'USER' ORDER BY TENANT_ID;

-- == Compared: give the table its name
-- As root@shop:
SHOW CREATE TABLE sales.orders_back;
ALTER TABLE sales.orders_back RENAME TO sales.orders;
INSERT INTO sales.orders (customer, amount) VALUES ('customer-new', 1.00);
SELECT COUNT(*), MAX(id), SUM(amount) FROM sales.orders;

-- == Or the whole tenant as it was just before, to read or to take over
-- As root@sys:
CREATE RESOURCE POOL pool_before UNIT = 'unit_shop', UNIT_NUM = 1, ZONE_LIST = ('zone1');
ALTER SYSTEM RESTORE shop_before FROM 'file:///backup/shop/data,file:///backup/shop/archive' UNTIL TIME = '2026-11-21 10:02:00' WITH 'pool_list=pool_before';
-- Repeat until STATUS is SUCCESS:
SELECT STATUS, RESTORE_SCN_DISPLAY, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'shop_before' AND TENANT_ID = 1;
ALTER SYSTEM ACTIVATE STANDBY TENANT = shop_before;

-- == Clear away what was only for looking
-- As root@sys:
DROP TENANT shop_aside FORCE;
DROP RESOURCE POOL pool_aside;
DROP RESOURCE POOL pool_aux;
SELECT TENANT_NAME, TENANT_ROLE, STATUS FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_TYPE = 'USER' ORDER BY TENANT_ID;
