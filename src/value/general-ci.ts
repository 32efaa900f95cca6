import { generalWeightRuns } from './general-ci-table.ts';

/**
 * Weights of utf8mb4_general_ci. A character of the basic plane has the weight of the capital letter without accents that
 * MySQL's tables give it, most have their own; all characters beyond the plane have one weight. Texts whose weights are
 * the same are equal, and a text of weights sorts, byte by byte, as the text does. Trailing blanks do not count (PAD SPACE).
 */

/** Stands for every character beyond the basic plane. */
const beyondPlane = 0xfffd;

let weights: Uint16Array | null = null;

function weightTable(): Uint16Array {
  if (weights !== null) return weights;
  const made = Uint16Array.from({ length: 0x10000 }, (_, code) => code);
  let first = 0;
  for (const run of generalWeightRuns.split(' ')) {
    const [distance, weight, count, shape] = run.split(',') as [string, string, string | undefined, string | undefined];
    first += Number.parseInt(distance, 36);
    const start = Number.parseInt(weight, 36);
    const step = shape?.startsWith('2') ? 2 : 1;
    const rising = shape?.endsWith('w') ? 0 : step;
    const characters = count ? Number.parseInt(count, 36) : 1;
    for (let at = 0; at < characters; at++) made[first + at * step] = start + at * rising;
  }
  weights = made;
  return made;
}

/** The text of a text's weights: one unit for each character. */
export function foldGeneral(text: string): string {
  const table = weightTable();
  let folded = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const pair = code >= 0xd800 && code < 0xe000;
    const weight = pair ? beyondPlane : table[code]!;
    if (weight === code) continue;
    folded += text.slice(from, at) + String.fromCharCode(weight);
    if (pair && code < 0xdc00) at++;
    from = at + 1;
  }
  return from === 0 ? text : folded + text.slice(from);
}

/** What two texts have in common when they are equal, and what they sort by. */
export function generalKey(text: string): string {
  return foldGeneral(withoutPad(text));
}

/** Under a binary collation only the blanks at the end do not count. */
export function withoutPad(text: string): string {
  return text.endsWith(' ') ? text.replace(/ +$/, '') : text;
}
