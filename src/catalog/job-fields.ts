/** What the rows of all jobs have in common. */
export const jobFields = { tenantId: 'int', jobId: 'int', history: 'flag', initiatorTenantId: 'int' } as const;

/** What the rows of all tasks have in common. */
export const taskFields = { tenantId: 'int', taskId: 'int', jobId: 'int', history: 'flag' } as const;

/** From the start of a job or task to the code and words it ends with; `stepData` is what it remembers between its steps. */
export const courseFields = {
  ...({ startUs: 'int', endUs: 'int', status: 'text', result: 'int' } as const),
  ...({ comment: 'text', path: 'text', stepData: 'json' } as const),
} as const;

interface Listed {
  readonly tenantId?: number;
  readonly jobId?: number;
  readonly history?: boolean;
}

interface JobTable<R> {
  list(where: Listed): readonly R[];
  update(key: { readonly tenantId: number; readonly jobId: number }, changes: { readonly history: boolean }): boolean;
}

interface TaskTable<R> {
  list(where: Listed): readonly R[];
  update(key: { readonly tenantId: number; readonly taskId: number }, changes: { readonly history: boolean }): boolean;
}

/** Jobs that are not history yet, of one tenant or of all. */
export function liveJobsOf<R>(jobs: JobTable<R>) {
  return (tenantId?: number): readonly R[] =>
    jobs.list({ history: false, ...(tenantId === undefined ? {} : { tenantId }) });
}

/** Moves a finished job with its tasks to the history. */
export function intoHistory<T extends { readonly tenantId: number; readonly taskId: number }>(
  jobs: JobTable<unknown>,
  tasks: TaskTable<T>,
) {
  return (tenantId: number, jobId: number): void => {
    for (const task of tasks.list({ tenantId, jobId })) tasks.update(task, { history: true });
    jobs.update({ tenantId, jobId }, { history: true });
  };
}
