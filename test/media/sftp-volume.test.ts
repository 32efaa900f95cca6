import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSftpMedium } from '../../src/media/sftp-medium.ts';
import { heldBytesAboveIdle, thousandObjects } from './server-faults.ts';
import { refusal, type Sshd, startSshd } from './servers/sftp.ts';

const reason = refusal();
if (reason !== null) console.warn(`volumes of sftp are not tested: ${reason}`);

describe.skipIf(reason !== null)('over SFTP', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.end());

  test('a thousand small objects come and go', async () => {
    await thousandObjects(openSftpMedium(sshd.address(join(sshd.directory, 'many'))));
  });

  test('an object of 256 MiB passes through little memory', async () => {
    const address = sshd.address(join(sshd.directory, 'large'));
    expect(await heldBytesAboveIdle('sftp-medium.ts', 'openSftpMedium', address)).toBeLessThan(150e6);
  });
});
