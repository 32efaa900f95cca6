import { fault, hinted, isFault } from '../base/errors.ts';
import { defaultRelease, type Release } from '../base/release.ts';
import { type Destination, maskDestination } from './destination.ts';
import { pieceSwitchMaxUs, pieceSwitchMinUs } from './limits.ts';
import { parseDestination, schemeOf } from './parse.ts';
import { formatTimeText, parseTimeText } from './time-text.ts';

/** What a value of LOG_ARCHIVE_DEST says; attributes that were not named have their defaults. */
export interface ArchiveDest {
  readonly location: Destination;
  readonly binding: 'OPTIONAL' | 'MANDATORY';
  readonly pieceSwitchIntervalUs: number;
  /** `1d`: what the attribute row shows. */
  readonly pieceSwitchInterval: string;
  /** Stored, without effect in all releases; null when not given. */
  readonly compression: 'ENABLE' | 'DISABLE' | null;
}

type Draft = { -readonly [K in keyof ArchiveDest]?: ArchiveDest[K] };

/**
 * Reads a value of LOG_ARCHIVE_DEST, items left to right; null for `''`. Errors: 1235 (unknown item, COMPRESSION,
 * interval out of range, no LOCATION), 1210 (empty value, BINDING, interval that is no time, an item twice), and those
 * of the location.
 */
export function parseArchiveDest(text: string, release: Release = defaultRelease): ArchiveDest | null {
  if (text === '') return null;
  const items = text.split(' ').filter((item) => item !== '');
  if (items.length === 0) throw fault('OB_INVALID_ARGUMENT');
  const draft: Draft = {};
  const seen = new Set<string>();
  for (const item of items) {
    const key = readItem(draft, item, release);
    if (seen.has(key)) throw fault('OB_INVALID_ARGUMENT');
    seen.add(key);
  }
  if (!draft.location) throw fault('OB_NOT_SUPPORTED', 'set archive dest without location is');
  const pieceSwitchIntervalUs = draft.pieceSwitchIntervalUs ?? pieceSwitchMinUs;
  return Object.freeze({
    location: draft.location,
    binding: draft.binding ?? 'OPTIONAL',
    pieceSwitchIntervalUs,
    pieceSwitchInterval: formatTimeText(pieceSwitchIntervalUs),
    compression: draft.compression ?? null,
  });
}

const attributes = 'LOCATION=, BINDING=, PIECE_SWITCH_INTERVAL= and COMPRESSION=';

function readItem(draft: Draft, item: string, release: Release): string {
  const cut = item.indexOf('=');
  const key = (cut < 0 ? item : item.slice(0, cut)).toUpperCase();
  const value = cut < 0 ? '' : item.slice(cut + 1);
  const read = readers[key];
  if (!read) {
    const typed = maskDestination(cut < 0 ? item : item.slice(0, cut));
    throw hinted(fault('OB_NOT_SUPPORTED'), `attribute '${typed}' is unknown; there are ${attributes}`);
  }
  if (value === '') throw hinted(fault('OB_INVALID_ARGUMENT'), `${key} has no value behind its =`);
  read(draft, value, release);
  return key;
}

const readers: Readonly<Record<string, (draft: Draft, value: string, release: Release) => void>> = {
  LOCATION(draft, value, release) {
    requireListable(value);
    draft.location = parseDestination(value, release);
  },
  BINDING(draft, value) {
    const binding = value.toUpperCase();
    if (binding !== 'OPTIONAL' && binding !== 'MANDATORY')
      throw hinted(fault('OB_INVALID_ARGUMENT'), 'BINDING is OPTIONAL or MANDATORY');
    draft.binding = binding;
  },
  PIECE_SWITCH_INTERVAL(draft, value) {
    const us = parseTimeText(value);
    if (us === null) throw hinted(fault('OB_INVALID_ARGUMENT'), 'PIECE_SWITCH_INTERVAL is a time such as 1d');
    if (us < pieceSwitchMinUs || us > pieceSwitchMaxUs)
      throw fault('OB_NOT_SUPPORTED', 'invalid piece_switch_interval out of range [1d,7d] is');
    draft.pieceSwitchIntervalUs = us;
  },
  COMPRESSION(draft, value) {
    const compression = value.toUpperCase();
    if (compression !== 'ENABLE' && compression !== 'DISABLE')
      throw hinted(fault('OB_NOT_SUPPORTED'), 'COMPRESSION is ENABLE or DISABLE');
    draft.compression = compression;
  },
};

/** Reads a value of LOG_ARCHIVE_DEST_STATE: ENABLE or DEFER in any case, else 1210. The row keeps the text as typed. */
export function parseArchiveDestState(text: string): 'ENABLE' | 'DEFER' {
  const state = text.toUpperCase();
  if (state !== 'ENABLE' && state !== 'DEFER') throw fault('OB_INVALID_ARGUMENT');
  return state;
}

/**
 * Splits the list behind FROM of RESTORE: elements trimmed, equal ones dropped. `namenode=` of an hdfs destination has commas
 * of its own. 1210 when nothing is named; 9026
 * "<uri> is not a valid uri" for an unknown prefix, plain 9026 for every other fault of an element.
 */
export function parseRestoreFrom(text: string, release: Release = defaultRelease): readonly Destination[] {
  const items = [...new Set(splitPaths(text))].filter((item) => item !== '');
  if (items.length === 0) throw fault('OB_INVALID_ARGUMENT');
  return items.map((item) => readRestoreItem(item, release));
}

/** 9026 for a destination that could not be named behind FROM: what is written there, no RESTORE would find. */
export function requireListable(text: string): void {
  const items = splitPaths(text);
  if (items.length === 1 && items[0] === text) return;
  throw hinted(
    fault('OB_INVALID_BACKUP_DEST'),
    'RESTORE … FROM takes a list: a destination has no comma and no blank at its ends',
  );
}

/** The elements of a list of destinations, trimmed; a `namenode=` with commas stays whole. */
export function splitPaths(text: string): readonly string[] {
  const items: string[] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    const last = items.at(-1);
    if (last?.startsWith('hdfs://') && !part.includes('://') && part !== '')
      items[items.length - 1] = `${last},${part}`;
    else items.push(part);
  }
  return items;
}

function readRestoreItem(item: string, release: Release): Destination {
  if (schemeOf(item, release) === null) throw fault('OB_INVALID_BACKUP_DEST', maskDestination(item));
  try {
    return parseDestination(item, release);
  } catch (error) {
    if (isFault(error, 'OB_INVALID_ARGUMENT')) throw fault('OB_INVALID_BACKUP_DEST');
    throw error;
  }
}
