import { closeLog, nextBatch, noteRecord, openLog, switchLogFile } from './log-task.ts';
import { serveThread } from './thread-guest.ts';

/** Entry of the log thread. */
serveThread({
  open: openLog,
  batch: nextBatch,
  note: noteRecord,
  switchFile: switchLogFile,
  close: closeLog,
});
