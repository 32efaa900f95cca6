import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, defaultConfig, readConfig } from '../../src/config.ts';
import { descriptorLimit } from '../../src/tenants/embedded/open-limit.ts';
import { createTenant, errorOf, oneValue, startTestServer } from './server-fixture.ts';

const scratch = mkdtempSync(join(tmpdir(), 'obvault-config-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function file(settings: unknown): string {
  const path = join(scratch, 'settings.json');
  writeFileSync(path, JSON.stringify(settings));
  return path;
}

describe('capacity and threads', () => {
  it('are read from the command line and the file, the line first', () => {
    const path = file({ cpuCount: 8, engineThreads: 3, memoryLimit: '2T', openTenants: 20 });
    const { config } = readConfig(['--config', path, '--cpu-count', '3000', '--guest-threads', '2']);
    expect(config).toEqual({
      ...defaultConfig,
      ...{ cpuCount: 3000, memoryLimit: '2T', engineThreads: 3, guestThreads: 2, openTenants: 20 },
    });
  });

  it.each([
    [['--cpu-count', '0'], /'cpuCount' is a whole number from 1 to 1000000, not 0/],
    [['--cpu-count', 'many'], /'cpuCount' is a whole number/],
    [['--engine-threads', '65'], /'engineThreads' is a whole number from 1 to 64, not 65/],
    [['--guest-threads', '-1'], /guest-threads/],
    [['--open-tenants', '2.5'], /'openTenants' is a whole number/],
    [['--memory-limit', '12'], /'memoryLimit' is a size of 1G or more such as '256G', not "12"/],
    [['--log-disk-size', '900M'], /'logDiskSize' is a size/],
    [['--data-dir', ''], /the data directory has no name/],
  ] as const)('%j is refused', (args, text) => {
    expect(() => readConfig(args)).toThrow(ConfigError);
    expect(() => readConfig(args)).toThrow(text);
  });

  it.skipIf(descriptorLimit() >= 1_200_000)('more open tenants than descriptors are refused', () => {
    expect(() => readConfig(['--open-tenants', '100000'])).toThrow(/open tenants need 1200000 descriptors/);
  });

  it.each([
    [{ cpuCount: '4' }],
    [{ memoryLimit: 4 }],
    [{ guestThreads: true }],
    [{ openTenants: null }],
    [{ engines: 4 }],
  ])('%j in a file is refused', (settings) => {
    expect(() => readConfig(['--config', file(settings)])).toThrow(ConfigError);
  });

  it('end the program with one line and exit code 2 when they are wrong', () => {
    const main = new URL('../../src/bin/obvault.js', import.meta.url).pathname;
    const { status, stderr } = spawnSync(process.execPath, [main, '--engine-threads', '0'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toBe("obvault: setting 'engineThreads' is a whole number from 1 to 64, not 0\n");
  });
});

describe('what units are held against', () => {
  const capacity = 'SELECT CPU_CAPACITY, MEM_CAPACITY, LOG_DISK_CAPACITY FROM oceanbase.GV$OB_SERVERS';

  it('is the standard, what the server is started with, and what ALTER SYSTEM says', async () => {
    const server = await startTestServer({ cpuCount: 100, memoryLimit: '512G' });
    const sys = await server.connect();
    const seen = async () => Object.values(((await sys.query(capacity)) as unknown as [object[]])[0][0]!).map(Number);
    try {
      expect(await seen()).toEqual([100, 512 * 2 ** 30, 2 ** 40]);
      expect(await oneValue(sys, "SELECT VALUE FROM oceanbase.GV$OB_PARAMETERS WHERE NAME = 'cpu_count'")).toBe('100');
      await sys.query('ALTER SYSTEM SET cpu_count = 3');
      await sys.query("ALTER SYSTEM SET log_disk_size = '200G'");
      expect(await seen()).toEqual([3, 512 * 2 ** 30, 200 * 2 ** 30]);
      await createTenant(sys, 'one');
      await sys.query("CREATE RESOURCE UNIT two MAX_CPU 1, MEMORY_SIZE '5G'");
      await sys.query("CREATE RESOURCE POOL two UNIT = 'two', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
      await sys.query("CREATE RESOURCE UNIT three MAX_CPU 1, MEMORY_SIZE '5G'");
      const pool = "CREATE RESOURCE POOL three UNIT = 'three', UNIT_NUM = 1, ZONE_LIST = ('zone1')";
      expect((await errorOf(sys.query(pool))).errno).toBe(4733);
      expect((await errorOf(sys.query('ALTER SYSTEM SET cpu_count = 2'))).errno).toBe(4624);
      expect((await seen())[0]).toBe(3);
      await sys.query('ALTER SYSTEM SET cpu_count = 4');
      await sys.query(pool);
      await sys.query('ALTER SYSTEM SET cpu_count = 0');
      expect((await seen())[0]).toBe(64);
    } finally {
      sys.destroy();
      await server.stop();
    }
  });

  it('cannot be started with less than what was promised', async () => {
    const config = { cpuCount: null as number | null };
    const server = await startTestServer(config);
    const sys = await server.connect();
    await createTenant(sys, 'one');
    sys.destroy();
    config.cpuCount = 1;
    await expect(server.restart()).rejects.toThrow(/the capacity cannot be set: zone 'zone1' server .* CPU resource/);
    config.cpuCount = 2;
    await server.restart();
    await server.stop();
  });
});
