import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knownReleases, parseRelease } from '../../src/base/release.ts';
import { parameterDefinitions } from '../../src/catalog/parameter-definitions.ts';
import {
  checkParameterText,
  parseBoolean,
  parseCapacity,
  parseInteger,
  parseParameter,
  parseTimeUs,
} from '../../src/catalog/parameter-values.ts';
import { clusterScope } from '../../src/catalog/parameters.ts';
import { openScratchCatalog, type ScratchCatalog } from './scratch.ts';

describe('texts of values', () => {
  test.each([
    ['10', 10n],
    ['0', 0n],
    ['-7', -7n],
    ['0x1F', 31n],
    ['010', 8n],
    ['08', null],
    ['10a', null],
    ['', null],
    ['9223372036854775808', null],
  ])('integer %s', (text, value) => expect(parseInteger(text)).toBe(value));

  test.each([
    ['120s', 120_000_000n],
    ['120', 120_000_000n],
    ['5M', 300_000_000n],
    ['1d', 86_400_000_000n],
    ['10us', 10n],
    ['3MS', 3000n],
    ['1.5s', null],
    ['-1s', null],
    ['1w', null],
  ])('time %s', (text, value) => expect(parseTimeUs(text)).toBe(value));

  test.each([
    ['4G', 4n << 30n],
    ['512MB', 512n << 20n],
    ['1k', 1024n],
    ['7b', 7n],
    ['7byte', 7n],
    ['2pb', 2n << 50n],
    ['4', null],
    ['G', null],
    ['4GG', null],
    ['99999999P', null],
  ])('capacity %s', (text, value) => expect(parseCapacity(text)).toBe(value));

  test.each([
    ['TRUE', true],
    ['on', true],
    ['Yes', true],
    ['t', true],
    ['1', true],
    ['False', false],
    ['off', false],
    ['no', false],
    ['f', false],
    ['0', false],
    ['2', null],
  ])('boolean %s', (text, value) => expect(parseBoolean(text)).toBe(value));

  test('a capacity without a unit counts bytes only where that is said', () => {
    expect(parseCapacity('4096', 'bytes')).toBe(4096n);
  });
});

test.each(knownReleases)('every default of release %s is a legal value', (release) => {
  for (const { name, type, range, defaultValue } of parameterDefinitions(parseRelease(release))) {
    expect(parseParameter(type, defaultValue), name).not.toBeNull();
    expect(() => checkParameterText(type, range, defaultValue), name).not.toThrow();
  }
});

describe('parameters of a catalog', () => {
  let scratch: ScratchCatalog;
  beforeAll(() => {
    scratch = openScratchCatalog();
  });
  afterAll(() => scratch.remove());

  test('tenant values are their own, cluster values are everybody’s', async () => {
    await scratch.catalog.transaction(({ parameters }) => {
      parameters.set(1002, 'archive_lag_target', '60s');
      parameters.set(clusterScope, 'backup_data_file_size', '2G');
    });
    const seen = await scratch.catalog.read(({ parameters }) => [
      parameters.timeUs(1002, 'archive_lag_target'),
      parameters.timeUs(1004, 'archive_lag_target'),
      parameters.capacityBytes(1004, 'backup_data_file_size'),
      parameters.text(1002, 'backup_data_file_size'),
      parameters.changed(1002),
    ]);
    expect(seen).toEqual([60_000_000, 120_000_000, 2n << 30n, '2G', { archive_lag_target: '60s' }]);
    await scratch.catalog.transaction(({ parameters }) => parameters.reset(1002, 'archive_lag_target'));
    expect(await scratch.catalog.read(({ parameters }) => parameters.text(1002, 'archive_lag_target'))).toBe('120s');
  });

  test.each([
    ['archive_lag_target', '7201s'],
    ['archive_lag_target', '1 hour'],
    ['log_archive_concurrency', '101'],
    ['log_archive_concurrency', 'many'],
    ['backup_data_file_size', '511M'],
    ['backup_data_file_size', '4294967296'],
    ['enable_rich_error_msg', 'perhaps'],
    ['tde_method', 'hope'],
    ['compatible', '4.2.1.0'],
  ])('%s does not take %s', async (name, value) => {
    const set = scratch.catalog.transaction(({ parameters }) => parameters.set(1002, name, value));
    await expect(set).rejects.toMatchObject({ errno: 4147, message: 'Invalid config' });
  });

  test('words of a boolean are stored as True and False', async () => {
    await scratch.catalog.transaction(({ parameters }) => parameters.set(clusterScope, 'enable_rich_error_msg', 'ON'));
    const [text, flag] = await scratch.catalog.read(({ parameters }) => [
      parameters.text(1, 'enable_rich_error_msg'),
      parameters.flag(1, 'enable_rich_error_msg'),
    ]);
    expect([text, flag]).toEqual(['True', true]);
  });

  test('names are looked up in any case, unknown ones are not there', async () => {
    const [found, missing] = await scratch.catalog.read(({ parameters }) => [
      parameters.definition('ARCHIVE_LAG_TARGET')?.name,
      parameters.definition('backup_dest'),
    ]);
    expect([found, missing]).toEqual(['archive_lag_target', null]);
  });

  test('defaults of 4.1 differ', () => {
    const early = parameterDefinitions(parseRelease('4.1.0'));
    expect(early.find(({ name }) => name === 'log_archive_concurrency')).toMatchObject({ defaultValue: '1' });
    expect(early.find(({ name }) => name === 'archive_lag_target')).toBeUndefined();
  });
});
