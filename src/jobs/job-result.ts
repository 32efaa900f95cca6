import { randomBytes } from 'node:crypto';
import { errorRow, ObError } from '../base/errors.ts';
import { mapMediumError } from '../destination/medium-fault.ts';
import { MediumError } from '../media/medium.ts';
import type { Controller } from './controller.ts';

/** How a job's end is written down: RESULT and COMMENT. */
export interface JobResult {
  readonly code: number;
  readonly comment: string;
  /** False when repeating cannot help. */
  readonly retry: boolean;
}

/**
 * Turns what was thrown inside a job into its RESULT and COMMENT: `(ROOTSERVICE)addr: …, result: -9080(text), trace_id: …`,
 * then what, where and why. A bug of ours becomes -4016 and is logged with its stack under the same trace id.
 */
export function jobResult(controller: Controller, error: unknown, module: string | null = null): JobResult {
  const traceId = newTraceId();
  const coded = error instanceof MediumError ? mapMediumError(error) : error;
  const known = coded instanceof ObError ? coded : null;
  if (!known) controller.log.error('job failed on a fault of the server', { traceId, error });
  const code = known?.code ?? -4016;
  const row = errorRow(known?.symbol ?? 'OB_ERR_UNEXPECTED');
  const { address } = controller;
  const head =
    module === null ? `(ROOTSERVICE)addr: ${address}` : `(SERVER)ls_id: 1001, addr: ${address}, module: ${module}`;
  const detail = detailOf(error);
  const comment = `${head}, result: ${code}(${row.text}), trace_id: ${traceId}${detail === '' ? '' : `, ${detail}`}`;
  return { code, comment: comment.slice(0, 4000), retry: known !== null && row.retry !== false };
}

/** `Y` and two groups of hex digits, as trace ids look. */
export function newTraceId(): string {
  return `Y${randomBytes(6).toString('hex').toUpperCase()}-${randomBytes(8).toString('hex').toUpperCase()}-0-0`;
}

function detailOf(error: unknown): string {
  if (error instanceof MediumError) return error.message;
  if (!(error instanceof ObError)) return '';
  const row = errorRow(error.symbol);
  const cause = error.cause instanceof MediumError ? error.cause.message : '';
  return [error.message === row.text || error.message === row.template ? '' : error.message, cause]
    .filter((text) => text !== '')
    .join(', ');
}
