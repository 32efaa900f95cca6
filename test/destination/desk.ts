import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { ObError } from '../../src/base/errors.ts';
import type { Release } from '../../src/base/release.ts';
import type { DestType } from '../../src/destination/codec/identity-files.ts';
import { parseDestination } from '../../src/destination/parse.ts';
import {
  type DestinationCatalog,
  type PreparedDestination,
  prepareDestination,
  type StorageInfo,
} from '../../src/destination/register.ts';
import type { Medium } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { type Scratch, scratchDirectory } from '../media/scratch.ts';

/** The catalog of one tenant: changes count when the statement commits. */
export class TestCatalog {
  rows = new Map<string, StorageInfo>();
  lastDestId = 1000;
  deleted: number[] = [];

  begin(): { readonly catalog: DestinationCatalog; commit(): void } {
    const rows = new Map(this.rows);
    const deleted: number[] = [];
    let lastDestId = this.lastDestId;
    return {
      catalog: {
        find: (path, endpoint) => rows.get(`${path} ${endpoint}`) ?? null,
        nextDestId: () => ++lastDestId,
        markDeleted: (destId) => void deleted.push(destId),
        save: (row) => void rows.set(`${row.path} ${row.endpoint}`, row),
      },
      commit: () => {
        this.rows = rows;
        this.lastDestId = lastDestId;
        this.deleted.push(...deleted);
      },
    };
  }

  only(): StorageInfo | undefined {
    return [...this.rows.values()][0];
  }

  row(path: string): StorageInfo | undefined {
    return this.rows.get(`file://${path} `);
  }
}

export const shop = { clusterName: 'obcluster', clusterId: 1, tenantName: 'shop', tenantId: 1002 };

interface SetOptions {
  readonly path?: string;
  readonly destType?: DestType;
  readonly identity?: typeof shop;
  readonly owner?: TestCatalog;
  readonly wrap?: (medium: Medium) => Medium;
  readonly crashBeforeCommit?: boolean;
  /** Another destination than `file://<path>`; what is written lies in the path all the same. */
  readonly text?: string;
  readonly release?: Release;
  readonly known?: boolean;
  /** The clock the deadline is measured by. */
  readonly clock?: Clock;
}

/** One tenant at its SET statements: a scratch directory, a catalog, a clock that moves with each statement. */
export interface Desk {
  readonly scratch: Scratch;
  /** `data` in the scratch directory, not made yet. */
  readonly root: string;
  readonly catalog: TestCatalog;
  readonly clock: Clock;
  /** What a SET statement does around `prepareDestination`. */
  set(options?: SetOptions): Promise<PreparedDestination>;
}

export function openDesk(): Desk {
  const scratch = scratchDirectory();
  const root = join(scratch.path, 'data');
  const catalog = new TestCatalog();
  let nowUs = 1_700_000_000_123_456;
  const clock: Clock = {
    nowNs: () => BigInt(nowUs) * 1000n,
    nowUs: () => nowUs,
    sleep: () => new Promise(() => undefined),
  };
  const set = async (options: SetOptions = {}) => {
    nowUs += 5_000_000;
    const place = `file://${options.path ?? root}`;
    const destination = parseDestination(options.text ?? place, options.release);
    const opened = openMedium(parseDestination(place), clock);
    const unit = (options.owner ?? catalog).begin();
    const prepared = await prepareDestination({
      medium: options.wrap ? options.wrap(opened) : opened,
      destination,
      destType: options.destType ?? 'backup_data',
      identity: options.identity ?? shop,
      clock: options.clock ?? clock,
      catalog: unit.catalog,
      ...(options.release ? { release: options.release } : {}),
      ...(options.known === undefined ? {} : { known: options.known }),
    });
    if (!options.crashBeforeCommit) unit.commit();
    return prepared;
  };
  return { scratch, root, catalog, clock, set };
}

export async function failure(work: Promise<unknown>): Promise<ObError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ObError);
  return error as ObError;
}

export async function failureCode(work: Promise<unknown>): Promise<number> {
  return (await failure(work)).code;
}

/** Everything below a directory, time texts replaced. */
export function tree(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => name.replace(/\d{8}T\d{6}/, '<T>'));
}

/** What an accepted destination of `shop` holds. */
export const accepted = ['check_file', 'check_file/1002_connect_file_<T>.obbak', 'format.obbak'];
