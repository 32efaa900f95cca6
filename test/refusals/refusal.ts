/** `user@tenant`, as a client logs in. */
export type Login = string;

/** What a client was told; errno 0 for OK. */
export interface Answer {
  readonly errno: number;
  readonly sqlstate: string;
  readonly text: string;
}

/** Who says what, and the number, the text and the SQLSTATE that must come back. */
export type Refusal = readonly [as: Login, sql: string, errno: number, text: string | RegExp, sqlstate?: string];

/** SQLSTATEs other than HY000, written down from the reference and not from the code. */
const sqlstates: Readonly<Record<string, readonly number[]>> = {
  '0A000': [1235],
  '22007': [1292],
  '23000': [1062],
  '3D000': [1046],
  '42000': [1044, 1045, 1049, 1059, 1064, 1115, 1133, 1141, 1142, 1231, 1232, 1253, 4103, 5099],
  '42501': [1227],
  '58000': [1086],
  '58030': [4009],
};

/** The answer a case wants, its text to be compared by `matches`. */
export function wanted([, , errno, , sqlstate]: Refusal): Omit<Answer, 'text'> {
  const state = Object.entries(sqlstates).find(([, errnos]) => errnos.includes(errno))?.[0];
  return { errno, sqlstate: sqlstate ?? state ?? 'HY000' };
}

/** 1064 with what stands from the offending token on. */
export function near(rest: string, line = 1): string {
  return `You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use near '${rest.slice(0, 80)}' at line ${line}`;
}

/** 1227 of somebody who lacks a privilege. */
export function needs(privilege: string): string {
  return `Access denied; you need (at least one of) the ${privilege} privilege(s) for this operation`;
}

/** 1227 of a statement the session's tenant may not say. */
export const denied = 'Access denied';
export const notSupported = 'Not supported feature or function';
export const invalidArgument = 'Invalid argument';
export const noSuchTenant = 'invalid tenant name specified in connection string';
export const badDestination = 'backup destination is not valid';
