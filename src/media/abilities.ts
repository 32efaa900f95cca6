import type { MediumAbilities } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';

const file: MediumAbilities = { append: 'native', tagging: false, atomicReplace: true, directories: true };
const store: MediumAbilities = { append: 'native', tagging: true, atomicReplace: true, directories: false };

/**
 * What the medium of an address can do, known without opening it. Servers of SFTP may know posix-rename and replace at once; that is
 * found out when one is spoken to, and nobody may count on it.
 */
export function abilitiesOf({ scheme, options }: Pick<MediumAddress, 'scheme' | 'options'>): MediumAbilities {
  switch (scheme) {
    case 'file':
      return file;
    case 'oss':
    case 'cos':
      return store;
    case 's3':
      return { ...store, append: 'parts' };
    case 'sftp':
      return { ...file, atomicReplace: false };
    case 'cifs':
      return options['mount'] === undefined ? { ...file, append: 'parts' } : file;
    case 'hdfs':
      return { ...file, atomicReplace: options['gateway'] !== 'httpfs' };
  }
}
