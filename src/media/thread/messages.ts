import { MediumError, type MediumErrorKind } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';

/** An address as it crosses to a thread. */
export interface PlainAddress extends Pick<MediumAddress, 'scheme' | 'path' | 'host' | 'authorization' | 'options'> {
  /** Cells of the pace, for what a medium does by itself: calls are held to it on the main thread. */
  readonly pace: SharedArrayBuffer | null;
}

/** What a call is made on: a medium, or an object one of its calls has opened. */
export type CallTarget = { readonly mediumNo: number } | { readonly objectNo: number };

/** To the thread. `open` comes before the first call on a medium; `abort` fires the signal of a call, or of what it opened. */
export type ToMediaThread =
  | { readonly type: 'open'; readonly mediumNo: number; readonly address: PlainAddress }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly target: CallTarget;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  | { readonly type: 'abort'; readonly id: number };

/** From the thread. */
export type FromMediaThread =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: MediumErrorData };

/** The value of a call that opened an object. */
export interface OpenedObject {
  readonly objectNo: number;
  readonly sizeBytes: number;
}

export interface MediumErrorData {
  readonly kind: MediumErrorKind;
  readonly key: string;
  readonly detail: string;
}

/** Characters of a detail that cross. */
const detailCharacters = 200;

/** Takes an error apart to cross the border of a thread; what is no MediumError is a bug of the medium and becomes `io`. */
export function mediumErrorData(error: unknown, key: string): MediumErrorData {
  if (!(error instanceof MediumError)) {
    const what = error instanceof Error ? `${error.name} ${(error as NodeJS.ErrnoException).code ?? ''}` : typeof error;
    // The message of a foreign error may hold whatever a server has sent.
    return { kind: 'io', key, detail: `the medium failed with ${what.trim()}` };
  }
  return { kind: error.kind, key: error.key, detail: error.detail.slice(0, detailCharacters) };
}

export function reviveMediumError({ kind, key, detail }: MediumErrorData): MediumError {
  return new MediumError(kind, key, detail);
}

/** Bytes in a buffer of their own, that may be given away: a view of a larger buffer would take all of it along. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
