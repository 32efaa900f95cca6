import { comparison, figure, type Line, limit } from './measurement.ts';
import type { Passage } from './part-peers-contender.ts';
import { type Figures, rate } from './part-peers-rounds.ts';

const rateAim = 2;
const bytesAimPercent = 10;

/** Of the set's files, and of the tenant's file with two threads at level 1 and back. */
export interface PlainTools {
  readonly cksum: Passage;
  readonly zstd: Passage;
  readonly unzstd: Passage;
}

/** The comparisons: every peer against ours of its kind, the strictest of them last in each group; plain tools beside it. */
export function linesOf(figures: readonly Figures[], { cksum, zstd, unzstd }: PlainTools): readonly Line[] {
  const lines: Line[] = [];
  const pairs = figures
    .filter(({ contender }) => !isOurs(contender.name))
    .map((peer) => ({
      peer,
      ours: figures.find(({ contender: { name, sealed } }) => isOurs(name) && sealed === peer.contender.sealed)!,
    }));
  const against = (what: string, { peer, ours }: (typeof pairs)[number]) =>
    `p: ${what}, ${ours.contender.sealed ? 'sealed' : 'clear'}, against ${peer.contender.name}`;
  for (const pair of pairs)
    lines.push(comparison(against('full backup', pair), 'MB/s', rate(pair.ours.full), rate(pair.peer.full), rateAim));
  for (const pair of pairs)
    lines.push(comparison(against('restore', pair), 'MB/s', rate(pair.ours.restore), rate(pair.peer.restore), rateAim));
  for (const pair of pairs) {
    // Who knows no increments writes a full backup again.
    const peerBytes = (pair.peer.incremental ?? pair.peer.full).writtenBytes;
    const what = pair.peer.incremental ? 'incremental' : 'incremental (theirs full)';
    lines.push(
      limit(
        `${against(`bytes of the ${what}`, pair)}`,
        '%',
        (100 * pair.ours.incremental!.writtenBytes) / peerBytes,
        bytesAimPercent,
      ),
    );
  }
  for (const pair of pairs)
    if (pair.peer.verify !== null)
      lines.push(
        comparison(
          against('verify, of stored bytes', pair),
          'MB/s',
          rate(pair.ours.verify!),
          rate(pair.peer.verify),
          null,
        ),
      );
  const ours = figures.find(({ contender }) => isOurs(contender.name) && !contender.sealed)!;
  const plainly = (what: string, mine: number, passage: Passage) =>
    lines.push(comparison(`p: ${what}`, 'MB/s', mine, rate(passage), null));
  const stored = ours.full.writtenBytes / 1e6 / ours.restore.seconds;
  plainly('verify, clear, against cksum of the same files', rate(ours.verify!), cksum);
  plainly('restore, clear, of stored bytes, against cksum of them', stored, cksum);
  plainly('full backup, clear, against zstd -1 -T2 of the same file', rate(ours.full), zstd);
  plainly('restore, clear, against zstd -d of the same file', rate(ours.restore), unzstd);
  return lines;
}

/** What every contender did, as text lines: rates beside seconds, because their sources are not equally large. */
export function reportOf(figures: readonly Figures[]): readonly string[] {
  const cell = (result: Passage | null) =>
    result === null ? '-' : `${figure(rate(result))} MB/s in ${figure(result.seconds)} s`;
  return figures.map(({ contender, full, restore, verify, incremental }) =>
    [
      `  ${contender.name} (source ${figure(full.sourceBytes / 1e6)} MB): full ${cell({ seconds: full.seconds, bytes: full.sourceBytes })}`,
      `${figure(full.writtenBytes / 1e6)} MB written`,
      `restore ${cell(restore)}`,
      `verify ${cell(verify)}`,
      incremental === null
        ? 'no incremental'
        : `incremental ${figure(incremental.writtenBytes / 1e6)} MB in ${figure(incremental.seconds)} s`,
    ].join(', '),
  );
}

function isOurs(name: string): boolean {
  return name.startsWith('obvault');
}
