import { parameterValues } from './sources.ts';
import { bigint, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const parametersColumns = [
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('ZONE', varchar(128)),
  column('SCOPE', varchar(64)),
  column('TENANT_ID', bigint, { nullable: true }),
  column('NAME', varchar(128)),
  column('DATA_TYPE', varchar(128), { nullable: true, before: { release: '4.3.0', expr: 'NULL' } }),
  column('VALUE', varchar(65536)),
  column('INFO', varchar(4096)),
  column('SECTION', varchar(128)),
  column('EDIT_LEVEL', varchar(128)),
  column('DEFAULT_VALUE', varchar(65536), { since: ['4.2.2', '4.3.1'] }),
  column('ISDEFAULT', varchar(3), { expr: '$yesno(value = default_value)', since: ['4.2.2', '4.3.1'] }),
];

export const parameterViews: readonly ViewFamily[] = [
  view({
    names: { gv: 'GV$OB_PARAMETERS', v: 'V$OB_PARAMETERS' },
    rows: 'visible',
    about: 'Parameters with their values.',
    from: parameterValues,
    columns: parametersColumns,
  }),
];
