import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCifsMedium } from '../../src/media/cifs-medium.ts';
import { heldBytesAboveIdle, thousandObjects } from './server-faults.ts';
import { refusal, type Smbd, startSmbd } from './servers/cifs.ts';

const reason = refusal();
if (reason !== null) console.warn(`volumes of cifs are not tested: ${reason}`);

describe.skipIf(reason !== null)('over SMB', () => {
  let smbd: Smbd;
  beforeAll(async () => {
    smbd = await startSmbd();
  });
  afterAll(() => smbd?.end());

  test('a thousand small objects come and go', async () => {
    await thousandObjects(openCifsMedium(smbd.address('many')));
  });

  test('an object of 256 MiB passes through little memory', async () => {
    expect(await heldBytesAboveIdle('cifs-medium.ts', 'openCifsMedium', smbd.address('large'))).toBeLessThan(150e6);
  });
});
