/** One row of the report: what was measured, ours against the peer's, and what it should be. */
export interface Line {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** Null where the aim is a limit of our own and nothing is compared. */
  readonly peer: number | null;
  readonly ratio: number | null;
  /** `at least` a ratio or `at most` a value; null for a number that is only told. */
  readonly aim: Aim | null;
  readonly met: boolean | null;
}

export type Aim = { readonly ratio: number } | { readonly atMost: number };

/** A rate against a peer's rate in the same unit. */
export function comparison(what: string, unit: string, ours: number, peer: number, ratio: number | null): Line {
  const reached = ours / peer;
  const aim = ratio === null ? null : { ratio };
  return { what, unit, ours, peer, ratio: reached, aim, met: ratio === null ? null : reached >= ratio };
}

/** A value that should stay at or below a limit. */
export function limit(what: string, unit: string, ours: number, atMost: number): Line {
  return { what, unit, ours, peer: null, ratio: null, aim: { atMost }, met: ours <= atMost };
}

export type Contenders = Readonly<Record<string, () => Promise<number>>>;

/**
 * Runs every contender once a round and returns the best (greatest) value of each. The order turns from round to round,
 * so that none always runs into what another left behind.
 */
export async function bestOfRounds(
  rounds: number,
  contenders: Contenders,
  report: (line: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const names = Object.keys(contenders);
    if (round % 2 === 1) names.reverse();
    for (const name of names) {
      const value = await contenders[name]!();
      best[name] = Math.max(best[name] ?? 0, value);
      report(`  round ${round + 1} ${name}: ${figure(value)}`);
    }
  }
  return best;
}

export function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The report as an aligned table. */
export function table(lines: readonly Line[]): string {
  const head = ['what', 'ours', 'peer', 'ratio', 'aim', 'met?'];
  const rows = lines.map((line) => [
    line.what,
    `${figure(line.ours)} ${line.unit}`,
    line.peer === null ? '-' : `${figure(line.peer)} ${line.unit}`,
    line.ratio === null ? '-' : line.ratio.toFixed(2),
    aimText(line),
    line.met === null ? '-' : line.met ? 'yes' : 'NO',
  ]);
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const text = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [text(head), rule, ...rows.map(text)].join('\n');
}

function aimText({ aim, unit }: Line): string {
  if (aim === null) return '-';
  return 'ratio' in aim ? `>= ${aim.ratio.toFixed(1)}x` : `<= ${aim.atMost} ${unit}`;
}
