import { variableValues } from './sources.ts';
import { bigint, timestamp, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const systemVariableColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('CREATE_TIME', timestamp, { expr: '$ts(create_us)', nullable: true }),
  column('MODIFY_TIME', timestamp, { expr: '$ts(modify_us)', nullable: true }),
  column('NAME', varchar(128)),
  column('VALUE', varchar(65536), { nullable: true }),
  column('MIN_VALUE', varchar(65536)),
  column('MAX_VALUE', varchar(65536)),
  column('SCOPE', varchar(16)),
  column('INFO', varchar(4096)),
  column('DEFAULT_VALUE', varchar(65536), { nullable: true }),
  column('ISDEFAULT', varchar(3), { expr: '$yesno(value = default_value)' }),
];

export const variableViews: readonly ViewFamily[] = [
  view({
    names: { cdb: 'CDB_OB_SYS_VARIABLES', dba: 'DBA_OB_SYS_VARIABLES' },
    rows: 'tenant',
    about: 'Global system variables of each tenant.',
    from: variableValues,
    columns: systemVariableColumns,
  }),
];
