import { timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ObjectSource } from '../media/medium.ts';
import { damage } from './damage.ts';
import {
  type BlockEntry,
  type DataFileHeader,
  decodeFileHeader,
  decodeFileIndex,
  decodeFooter,
  type Footer,
  fileHeaderLength,
  footerBytes,
  footerSealedBytes,
} from './data-file.ts';
import { indexSeal } from './payload-codec.ts';

export interface DataFileContents {
  readonly header: DataFileHeader;
  readonly headerLength: number;
  readonly footer: Footer;
  readonly entries: readonly BlockEntry[];
}

/**
 * Reads header, footer and index and holds them against each other; the records are not read. With the set key of an
 * encrypted file the seal over the index is checked as well. Throws OB_CHECKSUM_ERROR naming what is damaged.
 */
export async function readDataFile(
  source: ObjectSource,
  name: string,
  setKey: Uint8Array | null,
): Promise<DataFileContents> {
  const { header, bytes: headerBytes } = await readFileHeader(source, name);
  const footerOffset = source.sizeBytes - footerBytes;
  if (footerOffset < headerBytes.length) throw damage(name, `footer at offset ${footerOffset}`, 'the file is cut off');
  const footerRaw = Buffer.from(await source.read(footerOffset, footerBytes));
  const footer = decodeFooter(footerRaw, footerOffset, name);
  const where = `index at offset ${footer.indexOffset}`;
  if (footer.indexOffset < headerBytes.length || footer.indexOffset + footer.indexLength !== footerOffset)
    throw damage(name, where, 'footer and file length do not agree');
  const index = Buffer.from(await source.read(footer.indexOffset, footer.indexLength));
  if (crc32(index) !== footer.indexCrc) throw damage(name, where, 'checksum does not match');
  if (footer.fileNo !== header.fileNo || footer.setId !== header.setId)
    throw damage(name, where, 'footer and header do not agree');
  if (header.encrypted && setKey) {
    const seal = indexSeal(setKey, header.salt, [headerBytes, index, footerRaw.subarray(0, footerSealedBytes)]);
    if (!timingSafeEqual(seal, footer.seal))
      throw damage(name, where, 'not authentic: altered, or the key is another one');
  }
  return { header, headerLength: headerBytes.length, footer, entries: decodeFileIndex(index, header.fileNo, name) };
}

/** Reads only the header: which set, which key version, the wrapped key. */
export async function readFileHeader(
  source: ObjectSource,
  name: string,
): Promise<{ readonly header: DataFileHeader; readonly bytes: Buffer }> {
  const start = Buffer.from(await source.read(0, Math.min(16, source.sizeBytes)));
  const length = fileHeaderLength(start, name);
  if (length > source.sizeBytes) throw damage(name, 'file header at offset 0', 'the file is cut off');
  const bytes = Buffer.from(await source.read(0, length));
  return { header: decodeFileHeader(bytes, name), bytes };
}
