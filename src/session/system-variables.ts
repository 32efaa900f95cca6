export * from '../sql/system-variables.ts';
