import { comparison, figure, type Line, limit } from './measurement.ts';
import type { Passage } from './part-peers-contender.ts';
import { type Figures, rate } from './part-peers-rounds.ts';

const rateAim = 2;
const bytesAimPercent = 10;

/** The comparisons: every peer against ours of its kind, the strictest of them last in each group; the reading of our files beside it. */
export function linesOf(figures: readonly Figures[], reading: Passage): readonly Line[] {
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
  lines.push(
    comparison('p: verify, clear, against cksum of the same files', 'MB/s', rate(ours.verify!), rate(reading), null),
  );
  const stored = ours.full.writtenBytes / 1e6 / ours.restore.seconds;
  lines.push(
    comparison('p: restore, clear, of stored bytes, against cksum of them', 'MB/s', stored, rate(reading), null),
  );
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
