import { afterEach, beforeEach } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { Medium } from '../../src/media/medium.ts';
import type { Pace } from '../../src/media/pace.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { s3Address } from './s3-root.ts';
import { S3Double } from './servers/s3-double.ts';

/** A new double for each test, and media over it that read a clock the test moves. */
export interface S3DoubleMedia {
  readonly double: S3Double;
  /** Milliseconds since 1970 of the media's clock; 0 as a test begins. */
  nowMs: number;
  /** Closed when the test has ended. */
  open(pace?: Pace): Medium;
  /** Closes those that are open. */
  close(): Promise<void>;
}

export function s3DoubleMedia(prepare: (double: S3Double) => void = () => {}): S3DoubleMedia {
  let double: S3Double;
  const opened: Medium[] = [];
  const clock: Clock = { ...systemClock, nowNs: () => BigInt(media.nowMs) * 1_000_000n };
  const media = {
    get double() {
      return double;
    },
    nowMs: 0,
    open(pace?: Pace) {
      const medium = openS3Medium({ ...s3Address(double), ...(pace && { pace }) }, clock);
      opened.push(medium);
      return medium;
    },
    async close() {
      for (const medium of opened.splice(0)) await medium.close();
    },
  };
  beforeEach(async () => {
    media.nowMs = 0;
    double = await S3Double.start();
    prepare(double);
  });
  afterEach(async () => {
    await media.close();
    await double.stop();
  });
  return media;
}
