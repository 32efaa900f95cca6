import { workerData } from 'node:worker_threads';
import { type BatchInput, closeLog, nextBatch, noteRecord, openLog, switchLogFile } from './log-task.ts';
import { SharedCounters } from './shared-counters.ts';
import { serveThread } from './thread-guest.ts';

const shared = new SharedCounters((workerData as { readonly shared: SharedArrayBuffer }).shared);

/** Entry of the log thread. */
serveThread({
  open: openLog,
  batch: (input: BatchInput) => nextBatch(input, () => shared.beat()),
  note: noteRecord,
  switchFile: switchLogFile,
  close: closeLog,
});
