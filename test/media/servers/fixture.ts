import type { Medium } from '../../../src/media/medium.ts';
import type { MediumAddress } from '../../../src/media/open-medium.ts';

/** A bare medium over an empty root, as the conformance suite asks for it. */
export interface MediumUnderTest {
  readonly medium: Medium;
  /** Another medium over the same root, as another process would open it. */
  reopen(): Medium;
  dispose(): Promise<void>;
  /** What opens the root through `openMedium`: then the suite also runs over the whole stack of wrappers. */
  readonly address?: MediumAddress;
  /** How many entries the server gives a page, when it can be made to give few. */
  readonly pageEntries?: number;
  /** Unpublished temps and unfinished uploads that exist below the root now, seen past the medium. */
  leftovers?(): Promise<number>;
  /** `sweep` does nothing: the medium is a part of another one. */
  readonly sweptElsewhere?: boolean;
}

/** A running server of one scheme: a double, or the real thing. */
export interface MediumServer {
  /** A new, empty root each time. */
  openRoot(): Promise<MediumUnderTest>;
  end(): Promise<void>;
}

/** What differs from server to server, for `rootsOf`. */
export interface Roots {
  /** The root of a number, not used before. */
  rootAt(no: number): Required<Pick<MediumUnderTest, 'address'>> & Pick<MediumUnderTest, 'pageEntries' | 'leftovers'>;
  open(address: MediumAddress): Medium;
  end(): Promise<void>;
}

/** A server whose roots are directories side by side, which go with the server. */
export function rootsOf({ rootAt, open, end }: Roots): MediumServer {
  let roots = 0;
  return {
    async openRoot() {
      roots += 1;
      const root = rootAt(roots);
      const reopen = () => open(root.address);
      return { ...root, medium: reopen(), reopen, dispose: async () => undefined };
    },
    end,
  };
}

/**
 * What `test/media/servers/<scheme>.ts` exports for each `src/media/<scheme>-medium.ts`. `refusal` says why the server cannot be
 * started here (its program is missing); then the tests of the scheme are skipped, loudly.
 */
export interface MediumServerModule {
  /** `pageEntries`: how many names a listing gives at once, where the server tells; few, so that tests meet many pages. */
  start(options?: { readonly pageEntries?: number }): Promise<MediumServer>;
  refusal?(): string | null | Promise<string | null>;
}
