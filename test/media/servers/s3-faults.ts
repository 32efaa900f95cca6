/** Operations of the double, by the names of the S3 API. */
export type S3Operation =
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'HeadBucket'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'ListObjectsV2'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipartUploads'
  | 'ListParts'
  | 'PutObjectTagging'
  | 'GetObjectTagging';

/** What a request meets instead of a plain answer. */
export type S3FaultDeed =
  /** The connection is reset once so many bytes of the body have come. */
  | { readonly deed: 'cutUpload'; readonly afterBytes: number }
  /** The connection is reset once so many bytes of the answer's body are out. */
  | { readonly deed: 'cutDownload'; readonly afterBytes: number }
  /** No answer, ever; nothing is done. */
  | { readonly deed: 'stall' }
  /** The answer's body stops after so many bytes and the connection stays. */
  | { readonly deed: 'stallDownload'; readonly afterBytes: number }
  | { readonly deed: 'refuse'; readonly status: number; readonly code: string }
  /** Something between answers, not in S3's language. */
  | { readonly deed: 'garbage'; readonly status: number; readonly body: string }
  /** The work is done, its answer is lost with the connection. */
  | { readonly deed: 'loseReply' }
  /** The request reaches the server twice; the second answer arrives. */
  | { readonly deed: 'duplicate' }
  /** One bit of the body is turned over on its way in. */
  | { readonly deed: 'flipUpload' }
  /** One bit of the answer's body is turned over on its way out. */
  | { readonly deed: 'flipDownload' };

export interface S3Fault {
  readonly on: readonly S3Operation[] | 'every';
  /** Only for keys this accepts. */
  readonly keys?: (key: string) => boolean;
  /** Requests that pass unharmed first. */
  readonly skip?: number;
  /** Requests that are hit; 1 when left out. */
  readonly times?: number;
  readonly deed: S3FaultDeed;
}

/** The plan of what goes wrong, used up as requests come. */
export class S3Faults {
  readonly #planned: { readonly fault: S3Fault; skip: number; left: number }[] = [];

  add(fault: S3Fault): void {
    this.#planned.push({ fault, skip: fault.skip ?? 0, left: fault.times ?? 1 });
  }

  /** Requests still to be hit. */
  get left(): number {
    return this.#planned.reduce((sum, planned) => sum + planned.left, 0);
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** The deed that meets this request, null for a plain answer. */
  meet(operation: S3Operation, key: string): S3FaultDeed | null {
    for (const planned of this.#planned) {
      const { fault } = planned;
      if (planned.left === 0 || !(fault.on === 'every' || fault.on.includes(operation))) continue;
      if (fault.keys && !fault.keys(key)) continue;
      if (planned.skip > 0) {
        planned.skip -= 1;
        continue;
      }
      planned.left -= 1;
      return fault.deed;
    }
    return null;
  }
}
