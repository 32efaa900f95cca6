import type { IHasher } from 'hash-wasm';

/** Reflected polynomial of CRC-64/XZ, the check sum of whole objects on OSS and COS. */
const polynomial = 0xc96c5795d7870f42n;

/** How a check sum changes when bytes of zero follow: the image of each of its 64 bits. */
type Operator = readonly bigint[];

let hasher: Promise<IHasher> | null = null;

/** CRC-64/XZ in decimal, as the services write it. */
export async function crc64(bytes: Uint8Array): Promise<string> {
  hasher ??= import('hash-wasm').then((module) => module.createCRC64());
  const used = await hasher;
  used.init();
  used.update(bytes);
  return BigInt(`0x${used.digest()}`).toString();
}

/** The check sum of parts put together, from those of the parts. */
export function joinCrc64(parts: readonly { readonly crc64: string; readonly sizeBytes: number }[]): string {
  let sum = 0n;
  for (const part of parts) sum = behindZeros(sum, part.sizeBytes) ^ BigInt(part.crc64);
  return sum.toString();
}

/** Operators for 1, 2, 4, 8 … bytes of zero, made once each. */
const powers: Operator[] = [];

function behindZeros(sum: bigint, zeros: number): bigint {
  let result = sum;
  for (let bit = 0, left = zeros; left > 0; bit++, left = Math.floor(left / 2)) {
    const known = powers[bit] ?? nextPower(powers.at(-1));
    powers[bit] = known;
    if (left % 2 === 1) result = apply(known, result);
  }
  return result;
}

function nextPower(last: Operator | undefined): Operator {
  if (last) return last.map((image) => apply(last, image));
  return Array.from({ length: 64 }, (_, bit) => {
    let value = 1n << BigInt(bit);
    for (let i = 0; i < 8; i++) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    return value;
  });
}

function apply(operator: Operator, value: bigint): bigint {
  let sum = 0n;
  for (let bit = 0, left = value; left > 0n; bit++, left >>= 1n) if ((left & 1n) === 1n) sum ^= operator[bit] ?? 0n;
  return sum;
}
