export * from '../sql/sql-mode.ts';
