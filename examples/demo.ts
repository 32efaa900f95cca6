import { firstWeekRunbook } from './daily.ts';
import { firstBackupRunbook } from './first-backup.ts';
import { keyRunbook } from './keys.ts';
import { perform } from './perform.ts';
import { refusalRunbook } from './refusals.ts';

await perform(refusalRunbook, firstBackupRunbook, firstWeekRunbook, keyRunbook);
