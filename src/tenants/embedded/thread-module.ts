import type { BlockReader, BlockWriter, LogApplier, LogPosition, LogReader, RestoredCheck } from '../tenant-engine.ts';
import * as blockReader from './block-reader.ts';
import * as blockWriter from './block-writer.ts';
import * as logApplier from './log-applier.ts';
import * as logReader from './log-reader.ts';
import * as logStage from './log-stage.ts';

/** The part of the embedded engine that runs inside copy and log workers (`EngineThreadModule`). */
export function openBlockReader(data: unknown): BlockReader {
  return blockReader.openBlockReader(data as blockReader.BlockReaderData);
}

export function openLogReader(data: unknown, from: LogPosition | null): LogReader {
  return logReader.openLogReader(data as logReader.LogReaderData, from);
}

export function openBlockWriter(data: unknown): BlockWriter {
  return blockWriter.openBlockWriter(data as logApplier.RestoreData);
}

export function openLogApplier(data: unknown): LogApplier {
  const target = data as logApplier.RestoreData | logStage.StageData;
  return 'stageFd' in target ? logStage.openLogStage(target) : logApplier.openLogApplier(target);
}

/** Loads SQLite only now: most copy threads never need it. */
export async function openRestoredCheck(data: unknown): Promise<RestoredCheck> {
  const check = await import('./restore-check.ts');
  return check.openRestoredCheck(data as logApplier.RestoreData);
}
