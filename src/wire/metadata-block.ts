import type { Charset } from '../value/charset.ts';
import type { ResultColumn } from '../value/column-type.ts';
import { writeColumnDefinition } from './column-definition.ts';
import { PacketWriter } from './packet-writer.ts';

/** Column definitions as framed packets, made once per list of columns and character set. */
interface Blocks {
  readonly charset: Charset;
  /** Column count and definitions, as a result begins. Numbered from 1, the usual case. */
  readonly head: Buffer;
  readonly headPackets: number;
}

const cache = new WeakMap<readonly ResultColumn[], Blocks[]>();

/**
 * Writes what a result begins with: column count and definitions, without the EOF, whose status differs. The same list
 * of columns costs one copy the next time, so a cached plan must hand over the same array.
 */
export function writeMetadata(out: PacketWriter, columns: readonly ResultColumn[], charset: Charset): void {
  const blocks = blocksOf(columns, charset);
  if (out.sequence === 1) {
    out.raw(blocks.head);
    out.sequence = (1 + blocks.headPackets) & 0xff;
  } else {
    out.packets(blocks.head);
  }
}

/** Writes only the definitions, as the answers to PREPARE and FIELD_LIST hold them. */
export function writeDefinitions(
  out: PacketWriter,
  columns: readonly ResultColumn[],
  charset: Charset,
  withDefault = false,
): void {
  for (const column of columns) {
    out.begin();
    writeColumnDefinition(out, column, charset, withDefault);
    out.end();
  }
}

function blocksOf(columns: readonly ResultColumn[], charset: Charset): Blocks {
  const list = cache.get(columns) ?? [];
  for (const blocks of list) if (blocks.charset === charset) return blocks;
  const out = new PacketWriter();
  out.begin();
  out.lenencInt(columns.length);
  out.end();
  writeDefinitions(out, columns, charset);
  const head = Buffer.from(out.take());
  out.release(true);
  const made = { charset, head, headPackets: columns.length + 1 };
  cache.set(columns, [...list, made]);
  return made;
}
