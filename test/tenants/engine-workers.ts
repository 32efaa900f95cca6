import type { Worker } from 'node:worker_threads';

/** The engine threads started from now on, to be ended from outside as a lack of memory ends them. */
export function watchEngineWorkers(): { lose(): Promise<void>; stop(): void } {
  const workers = new Set<Worker>();
  const note = (worker: Worker) => {
    if (worker.threadName !== 'engine') return;
    workers.add(worker);
    worker.once('exit', () => workers.delete(worker));
  };
  process.on('worker', note);
  return {
    async lose() {
      if (workers.size === 0) throw new Error('no engine thread to lose');
      await Promise.all([...workers].map((worker) => worker.terminate()));
    },
    stop: () => void process.off('worker', note),
  };
}
