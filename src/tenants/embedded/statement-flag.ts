/** What the flag of a session says of its running statement; an ended one cannot commit, a committing one not end. */
export const statementFlag = { running: 0, ended: 1, committing: 2 } as const;
