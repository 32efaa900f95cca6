import type { Scn } from '../../base/scn.ts';
import { damage } from '../../copy/damage.ts';
import { samePosition } from '../../copy/log-file.ts';
import { openLogFile } from '../../copy/log-scan.ts';
import { verifyLogFile } from '../../copy/verify-files.ts';
import type { LogSpan, VerifiedLog } from '../../copy/verify-task.ts';
import {
  type PieceName,
  parseLogFile,
  parsePiecePlaceholder,
  pieceDirectory,
  pieceKeys,
  pieceLsKeys,
  piecesDirectory,
} from '../../destination/archive-layout.ts';
import {
  lsFileInfoFile,
  pieceEndFile,
  pieceFileInfoFile,
  pieceInnerFile,
  pieceStartFile,
  singlePieceInfoFile,
  tenantPieceInfosFile,
} from '../../destination/codec/archive-files.ts';
import { checkpointFile } from '../../destination/codec/checkpoint-file.ts';
import { userLsId } from '../archive/archive-files.ts';
import type { CheckMeans, CheckNotes } from './check-set.ts';
import { keepingFirstRead } from './first-read.ts';
import type { ObjectCheck } from './object-check.ts';
import { notePlaceholders } from './placeholders.ts';

/** What the catalog knows of a piece of this server; null for one it does not know. */
export interface KnownPiece {
  /** Its last files are written, the end placeholder too. */
  readonly closed: boolean;
  /** False for the log inside of a set. */
  readonly withCheckpoint?: boolean;
  /** Newest log file and the bytes of it that were confirmed. */
  readonly fileId: number;
  readonly confirmedBytes: number;
}

export interface PieceNotes extends CheckNotes {
  /** Where the log of the piece begins and ends, null when it holds none. */
  readonly span: LogSpan | null;
}

/** Reads every object of a piece: placeholders, info files, checkpoint, log files and what follows what in them. */
export async function checkPiece(
  means: CheckMeans,
  check: ObjectCheck,
  piece: PieceName,
  known: KnownPiece | null,
): Promise<PieceNotes> {
  const placeholders = await notePlaceholders(means, check, piecesDirectory, (file) => {
    const found = parsePiecePlaceholder(file);
    return found !== null && pieceDirectory(found) === pieceDirectory(piece) ? found.kind : null;
  });
  await check.walk(pieceDirectory(piece));
  const closed = known?.closed ?? (placeholders.includes('end') || check.has(pieceKeys(piece).single));
  const wantsCheckpoint = known?.withCheckpoint ?? (closed || (known?.confirmedBytes ?? 1) > 0);
  const facts = await checkInfos(check, piece, closed, wantsCheckpoint);
  // The log may have gone on in another file since, before the checkpoint that was read.
  if (!closed) await check.walk(pieceLsKeys(piece, userLsId).logDirectory);
  const notes = await checkLog(means, check, piece, { ...facts, closed, known });
  check.noteForeign(() => 'no object of this piece');
  return notes;
}

/** What the info files say of the log. */
interface PieceFacts {
  readonly startScn: Scn | null;
  /** A record up to here must be there; null when no file tells, 0 when there is none. */
  readonly maxScn: Scn | null;
  /** Sizes of the log files of a closed piece by number. */
  readonly sizes: ReadonlyMap<number, number> | null;
}

async function checkInfos(
  check: ObjectCheck,
  piece: PieceName,
  closed: boolean,
  wantsCheckpoint: boolean,
): Promise<PieceFacts> {
  const keys = pieceKeys(piece);
  const directory = pieceDirectory(piece);
  const starts = check.keys((key) => key.startsWith(`${piecesDirectory}/${directory}_start_`));
  if (starts.length === 0)
    check.missing(`${piecesDirectory}/${directory}_start_*.obarc`, 'the placeholder is not there');
  for (const key of starts) belongs(check, key, piece, await check.file(key, pieceStartFile));
  const infos = await check.file(keys.tenant, tenantPieceInfosFile);
  belongs(check, keys.tenant, piece, infos);
  const hasCheckpoint = wantsCheckpoint || check.has(keys.checkpoint);
  const checkpoint = hasCheckpoint ? await check.file(keys.checkpoint, checkpointFile) : null;
  belongs(check, keys.checkpoint, piece, checkpoint);
  const end = await checkEnd(check, piece, closed);
  const facts = end ?? checkpoint;
  const startScn = facts?.startScn ?? infos?.startScn ?? null;
  // A piece in which nothing was committed says its start and holds no record of that SCN.
  const maxScn = facts === null ? null : facts.maxScn > facts.startScn ? facts.maxScn : 0n;
  return { startScn, maxScn, sizes: end?.sizes ?? null };
}

/** The files a frozen piece leaves; null when they are not to be there or do not tell. */
async function checkEnd(check: ObjectCheck, piece: PieceName, closed: boolean) {
  const keys = pieceKeys(piece);
  const directory = pieceDirectory(piece);
  const take = closed ? check.file.bind(check) : check.optional.bind(check);
  const stream = await take(pieceLsKeys(piece, userLsId).fileInfo, lsFileInfoFile);
  belongs(check, pieceLsKeys(piece, userLsId).fileInfo, piece, stream);
  belongs(check, keys.fileInfo, piece, await take(keys.fileInfo, pieceFileInfoFile));
  const own = await take(keys.single, singlePieceInfoFile);
  belongs(check, keys.single, piece, own?.piece.key ?? null);
  const inner = check.keys((key) => key.startsWith(`${directory}/${directory}_`));
  const ends = check.keys((key) => key.startsWith(`${piecesDirectory}/${directory}_end_`));
  if (closed && inner.length === 0) check.missing(`${directory}/${directory}_*.obarc`, 'the placeholder is not there');
  if (closed && ends.length === 0)
    check.missing(`${piecesDirectory}/${directory}_end_*.obarc`, 'the placeholder is not there');
  for (const key of inner) belongs(check, key, piece, await check.file(key, pieceInnerFile));
  for (const key of ends) belongs(check, key, piece, await check.file(key, pieceEndFile));
  if (own === null) return null;
  const sizes = stream && new Map(stream.files.map(({ fileId, sizeBytes }) => [fileId, sizeBytes]));
  return { startScn: own.piece.startScn, maxScn: own.piece.maxScn, sizes };
}

function belongs(check: ObjectCheck, key: string, piece: PieceName, found: PieceName | null): void {
  if (found === null || pieceDirectory(found) === pieceDirectory(piece)) return;
  check.damaged(key, `it belongs to ${pieceDirectory(found)}`);
}

interface LogFacts extends PieceFacts {
  readonly closed: boolean;
  readonly known: KnownPiece | null;
}

async function checkLog(means: CheckMeans, check: ObjectCheck, piece: PieceName, facts: LogFacts): Promise<PieceNotes> {
  const keys = pieceLsKeys(piece, userLsId);
  const ids = check
    .keys((key) => key.startsWith(`${keys.logDirectory}/`))
    .map((key) => parseLogFile(key.slice(keys.logDirectory.length + 1)))
    .filter((fileId) => fileId !== null)
    .sort((a, b) => a - b);
  noteMissing(check, piece, ids, facts);
  const partial = new Set<string>();
  let span = null as LogSpan | null;
  let sound = true;
  for (const fileId of ids) {
    const key = keys.log(fileId);
    const newest = fileId === ids.at(-1);
    const log = await check.object(key, () =>
      checkLogFile(means, check, { key, fileId, newest, piece }, facts, partial),
    );
    sound &&= log !== null;
    if (log?.span == null) continue;
    if (sound && span !== null && !follows(span, log.span))
      check.damaged(
        key,
        `it begins after SCN ${log.span.afterScn}, the file before it ends at ${span.lastScn}`,
        'record 0',
      );
    span = span === null ? log.span : { ...span, lastScn: log.span.lastScn, to: log.span.to };
  }
  const whole = means.level === 'physical' && sound && check.findings.every(({ kind }) => kind !== 'MISSING');
  if (whole) checkReach(check, piece, ids, span, facts);
  if (means.level !== 'physical') partial.add('level basic: the content of the log files was not read');
  return { partial: [...partial], span: sound ? span : null };
}

function noteMissing(check: ObjectCheck, piece: PieceName, ids: readonly number[], facts: LogFacts): void {
  const keys = pieceLsKeys(piece, userLsId);
  const wanted = new Set(facts.sizes?.keys() ?? []);
  for (let fileId = ids[0] ?? 0; fileId < (ids.at(-1) ?? 0); fileId++) wanted.add(fileId);
  if (facts.known !== null && facts.known.confirmedBytes > 0) wanted.add(facts.known.fileId);
  for (const fileId of wanted) if (!ids.includes(fileId)) check.missing(keys.log(fileId), 'the log file is not there');
  if (ids.length === 0 && wanted.size === 0 && facts.maxScn !== null && facts.maxScn > 0n)
    check.missing(`${keys.logDirectory}/*.obarc`, 'the piece has no log file');
}

interface LogFileName {
  readonly key: string;
  readonly fileId: number;
  readonly newest: boolean;
  readonly piece: PieceName;
}

async function checkLogFile(
  means: CheckMeans,
  check: ObjectCheck,
  { key, fileId, newest, piece }: LogFileName,
  facts: LogFacts,
  partial: Set<string>,
): Promise<VerifiedLog | null> {
  const source = keepingFirstRead(await check.medium.openObject(key, check.signal));
  try {
    const size = facts.sizes?.get(fileId) ?? null;
    if (size !== null && size !== source.sizeBytes)
      throw damage(key, 'the file', `${source.sizeBytes} bytes where the piece lists ${size}`);
    const mayBeTorn = newest && !facts.closed;
    const confirmed = facts.known?.fileId === fileId ? facts.known.confirmedBytes : 0;
    const confirmedBytes = mayBeTorn ? confirmed : source.sizeBytes;
    const header = (await openLogFile(source, { name: key, confirmedBytes: Math.min(confirmedBytes, 1) }))?.header;
    if (header === undefined) return emptyLog;
    if (header.fileNo !== fileId || header.roundId !== piece.roundId || header.pieceId !== piece.pieceId)
      throw damage(key, 'file header at offset 0', `it is file ${header.fileNo} of another place`);
    const owner = { tenantId: header.tenantId, id: `${header.roundId}.${header.pieceId}` };
    const logKey = header.encrypted ? await means.openLogKey(header.wrappedKey, owner) : null;
    if (header.encrypted && logKey === null)
      partial.add('the log is encrypted and its key is not at hand: only the stored checksums were held against it');
    if (means.level !== 'physical') return emptyLog;
    return await verifyLogFile(
      {
        source,
        name: key,
        key: logKey,
        workers: means.workers,
        turn: means.turn,
        signal: means.signal,
        stallTimeoutMs: means.stallTimeoutMs,
        onProgress: (bytes) => check.reading(bytes),
      },
      confirmedBytes,
    );
  } finally {
    // Not awaited: a medium that hangs must not hold up the end.
    void source.close().catch(() => undefined);
  }
}

const emptyLog: VerifiedLog = { span: null, records: 0, validBytes: 0, opened: true };

/** True when the log of `later` goes on where `former` ends. */
export function follows(former: LogSpan, later: LogSpan): boolean {
  return later.afterScn === former.lastScn && samePosition(later.from, former.to);
}

/** The log begins where the piece begins and reaches what its files promise. */
function checkReach(
  check: ObjectCheck,
  piece: PieceName,
  ids: readonly number[],
  span: LogSpan | null,
  { startScn, maxScn }: LogFacts,
): void {
  const keys = pieceLsKeys(piece, userLsId);
  if (span !== null && startScn !== null && span.afterScn > startScn)
    check.damaged(keys.log(ids[0]!), `it begins after SCN ${span.afterScn}, the piece at ${startScn}`, 'record 0');
  if (maxScn === null || maxScn === 0n || (span?.lastScn ?? 0n) >= maxScn) return;
  check.damaged(
    keys.log(ids.at(-1) ?? 1),
    `its records end at SCN ${span?.lastScn ?? 0n}, the piece says ${maxScn}: the end of the log is lost`,
    'the end of the file',
  );
}
