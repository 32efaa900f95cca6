import type { Connection } from './connection.ts';

/** Teaches a connection the functions tenant SQL uses. */
export function setupConnection(_connection: Connection): void {}
