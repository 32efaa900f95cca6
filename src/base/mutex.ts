/** A first-come first-served lock for asynchronous sections. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `section` when all earlier ones have ended; its result or error is passed on. */
  run<T>(section: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(section);
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
