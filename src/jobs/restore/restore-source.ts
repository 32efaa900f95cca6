import { fault, faultText, hinted, type ObError } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { pieceDirectory } from '../../destination/archive-layout.ts';
import type { LocalityInfo } from '../../destination/codec/set-files.ts';
import { complementDirectory, type SetName, setDirectory } from '../../destination/layout.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import { type DamagedFile, unlessDamaged } from '../../destination/named-damage.ts';
import type { Medium } from '../../media/medium.ts';
import { below } from '../../media/wrap/below.ts';
import { choosePieces } from '../../policy/piece-chain.ts';
import { type RecoverableWindow, recoverableWindows } from '../../policy/recoverable-window.ts';
import { type PlanPiece, type PlanSet, planRestore, type RestorePlan } from '../../policy/restore-plan.ts';
import { brokenError, refuseShorter, withoutBroken } from './known-damage.ts';
import { type DamagedPiece, type FoundPiece, readPieces } from './read-archive-path.ts';
import { type FoundSet, readLocality, readSets } from './read-data-path.ts';
import { scnText } from './scn-text.ts';
import type { SourceNames } from './source-names.ts';
import type { SourcePath } from './source-paths.ts';
import { scnOfTime } from './until-time.ts';

/** How far a restore shall go, before the source's time zone is known. */
export type RestoreUntil =
  | { readonly kind: 'time'; readonly text: string }
  | { readonly kind: 'scn'; readonly scn: Scn }
  | null;

/** What a restore will be made from, everything read and decided. */
export interface RestoreSource {
  readonly data: SourcePath;
  readonly archive: SourcePath | null;
  /** Where the pieces lie: the archive, or the log inside of the last set. */
  readonly log: { readonly medium: Medium; readonly path: string };
  readonly plan: RestorePlan;
  readonly sets: readonly FoundSet[];
  readonly pieces: readonly FoundPiece[];
  readonly locality: LocalityInfo;
}

/** What narrows the choice, and who wants to know what could be reached instead. */
export interface SourceWish {
  /** ADD RESTORE SOURCE: nothing else may be used, and refusals are -9119 with texts of their own. */
  readonly only?: SourceNames;
  /** Told when the point cannot be reached: the moments that can, and the zone to show them in. */
  readonly onUnreachable?: (windows: readonly RecoverableWindow[], timeZone: string) => void;
}

/** Chooses sets and pieces for the wished point; throws -4018, -9047, 1210 and 1235 as documented. */
export async function decideSource(
  paths: readonly SourcePath[],
  until: RestoreUntil,
  digests: readonly string[],
  wish: SourceWish = {},
  signal?: AbortSignal,
): Promise<RestoreSource> {
  return withCodedErrors(async () => {
    refuseKeyPath(paths);
    const { only } = wish;
    const damaged: DamagedFile[] = [];
    const damagedPieces: DamagedPiece[] = [];
    const found = await dataPath(paths, damaged, signal);
    const { data } = found;
    const sets = only === undefined ? found.sets : found.sets.filter(({ name }) => only.sets.has(setDirectory(name)));
    const archives = paths.filter((path) => path.format.destType === 'archive_log');
    if (archives.length > 1) throw fault('OB_NOT_SUPPORTED', 'restore from multiple archive paths is');
    const archive = archives[0] ?? null;
    const allPieces = archive === null ? null : await readPieces(archive.medium, { damaged: damagedPieces }, signal);
    const pieces =
      only === undefined || allPieces === null
        ? allPieces
        : allPieces.filter((piece) => only.pieces.has(pieceDirectory(piece)));
    const sysTimeZone = (await newestLocality(data.medium, sets, signal))?.sysTimeZone ?? '+08:00';
    const untilWished = untilScn(until, sysTimeZone);
    const planOf = (plans: readonly PlanSet[], planPieces: readonly PlanPiece[] | null) =>
      planRestore({
        sets: plans,
        pieces: planPieces,
        archiveDestId: archive?.format.destId ?? null,
        untilScn: untilWished,
        digests,
        mode: only === undefined ? 'paths' : 'sources',
        timeText: (scn) => scnText(scn, sysTimeZone),
      });
    const sound = withoutBroken({ sets: sets.map((set) => set.plan), pieces }, data, archive);
    const plan = planOf(sound.sets, sound.pieces);
    if (plan.kind === 'refused') {
      wish.onUnreachable?.(recoverableWindows(sound), sysTimeZone);
      const lost = [...damaged, ...damagedPieces][0];
      if (lost !== undefined) throw lost.error;
      const broken = [...data.broken, ...(archive?.broken ?? [])][0];
      const wouldDo =
        broken !== undefined &&
        planOf(
          sets.map((set) => set.plan),
          pieces,
        ).kind === 'plan';
      throw wouldDo ? brokenError(broken) : faultText(plan.symbol, plan.message);
    }
    if (archive !== null) requireSameTenant(data, archive);
    if (until === null) refuseShorter(plan, archive, damagedPieces);
    const chosen = plan.sets.map(({ id }) => sets.find((set) => set.plan.id === id)!);
    const log =
      archive === null
        ? complementLog(data, chosen.at(-1)!.name)
        : { medium: archive.medium, path: archive.destination.path };
    const names = new Set(plan.pieces.map((piece) => `${piece.roundId}.${piece.pieceId}`));
    const used =
      pieces === null
        ? await complementPieces(log.medium, plan, signal)
        : pieces.filter((piece) => names.has(`${piece.roundId}.${piece.pieceId}`));
    return {
      data,
      archive,
      log,
      plan,
      sets: chosen,
      pieces: used,
      locality: await readLocality(data.medium, chosen.at(-1)!.name, signal),
    };
  });
}

/** The log inside of a set taken PLUS ARCHIVELOG. */
function complementLog({ medium, destination }: SourcePath, name: SetName) {
  const directory = complementDirectory(name);
  return { medium: below(medium, directory), path: `${destination.path}/${directory}` };
}

/** All pieces of that log; -4018 when they are not what its set promised. */
async function complementPieces(
  medium: Medium,
  { startReplayScn, untilScn }: RestorePlan,
  signal?: AbortSignal,
): Promise<readonly FoundPiece[]> {
  const found = await readPieces(medium, {}, signal);
  if (choosePieces(found, startReplayScn, untilScn).failure === null) return found;
  throw faultText('OB_ENTRY_NOT_EXIST', 'No enough log for restore');
}

/** A key backup belongs behind WITH KEY FROM. */
function refuseKeyPath(paths: readonly SourcePath[]): void {
  if (paths.some((path) => path.format.destType === 'backup_key')) {
    throw fault('OB_INVALID_ARGUMENT', 'restore path, it is a key backup destination');
  }
}

/** The one data path that holds sets; a second one is refused. */
async function dataPath(
  paths: readonly SourcePath[],
  damaged: DamagedFile[],
  signal?: AbortSignal,
): Promise<{ readonly data: SourcePath; readonly sets: readonly FoundSet[] }> {
  let found: { readonly data: SourcePath; readonly sets: readonly FoundSet[] } | null = null;
  for (const data of paths.filter((path) => path.format.destType === 'backup_data')) {
    const sets = await readSets(data.medium, signal, damaged);
    if (found !== null && found.sets.length > 0 && sets.length > 0) throw severalTenants();
    if (found === null || sets.length > 0) found = { data, sets };
  }
  // There is no other kind of path than these two: the log alone is never enough.
  if (found === null) throw faultText('OB_ENTRY_NOT_EXIST', 'No enough log for restore');
  return found;
}

/** Log of another tenant need not contradict the data: where nothing was committed it would do, and end short of the own log. */
function requireSameTenant(data: SourcePath, archive: SourcePath): void {
  const { clusterId, tenantId } = archive.format;
  if (data.format.clusterId === clusterId && data.format.tenantId === tenantId) return;
  throw hinted(
    severalTenants(),
    `the archive is one of tenant ${tenantId}, the data of tenant ${data.format.tenantId}`,
  );
}

function severalTenants(): ObError {
  return fault('OB_NOT_SUPPORTED', 'It is not support to restore from multiple tenant backup paths.');
}

/** Locality of the newest set that tells it; null without any. */
async function newestLocality(
  medium: Medium,
  sets: readonly FoundSet[],
  signal?: AbortSignal,
): Promise<LocalityInfo | null> {
  for (const { name } of [...sets].reverse()) {
    const read = () => readLocality(medium, name, signal);
    const locality = await unlessDamaged(setDirectory(name), [], read);
    if (locality !== null) return locality;
  }
  return null;
}

/** UNTIL TIME is local to the source tenant. */
function untilScn(until: RestoreUntil, timeZone: string): Scn | null {
  if (until === null) return null;
  return until.kind === 'scn' ? until.scn : scnOfTime(until.text, timeZone);
}
