export * from '../sql/system-variable-table.ts';
