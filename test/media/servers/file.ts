import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openFileMedium } from '../../../src/media/file-medium.ts';
import { isTempName } from '../../../src/media/key.ts';
import { scratchDirectory } from '../scratch.ts';
import type { MediumServer } from './fixture.ts';

/** Directories of this machine. */
export async function start(): Promise<MediumServer> {
  return {
    async openRoot() {
      const scratch = scratchDirectory();
      const path = join(scratch.path, 'dest');
      const none = { host: '', authorization: { accessId: '', accessKey: '' }, options: {} };
      return {
        medium: openFileMedium(path),
        reopen: () => openFileMedium(path),
        dispose: async () => scratch.remove(),
        address: { scheme: 'file', path: `file://${path}`, ...none },
        leftovers: async () =>
          readdirSync(scratch.path, { recursive: true }).filter((name) => isTempName(String(name))).length,
      };
    },
    async end() {},
  };
}
