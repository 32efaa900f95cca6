/** The part of a session that understands statements: parser, translator, functions. Loaded with the first statement. */
export { killThread, useDatabase } from './administration.ts';
export { runText, understand } from './dispatch.ts';
export { fieldList } from './show/field-list.ts';
