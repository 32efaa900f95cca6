interface Waiter {
  readonly share: number;
  readonly go: () => void;
}

/** Something there is only so much of, shared by checks beside each other; those that wait get theirs in the order they came. */
export class Shares {
  readonly #waiting: Waiter[] = [];
  readonly #total: number;
  #free: number;

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /** Runs `work` with so much of it, all there is at most; the signal's reason is thrown when that comes before. */
  async take<T>(wanted: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const share = Math.min(this.#total, wanted);
    if (this.#waiting.length > 0 || share > this.#free) await this.#wait(share, signal);
    else this.#free -= share;
    try {
      return await work();
    } finally {
      this.#free += share;
      this.#serve();
    }
  }

  #wait(share: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const waiter: Waiter = { share, go };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason as Error);
        this.#serve();
      };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && next.share <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.share;
      next.go();
    }
  }
}
