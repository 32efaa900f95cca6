import { Pace } from '../../src/media/pace.ts';

/** Notes what is taken and lets it pass. */
export class NotedPace extends Pace {
  readonly taken: (readonly [operationCount: number, byteCount: number])[] = [];
  override async take(operationCount: number, byteCount: number): Promise<void> {
    this.taken.push([operationCount, byteCount]);
  }
}
