import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for one test; `remove` takes it away again, mounts inside it first. */
export interface Scratch {
  readonly path: string;
  /** Mounts something at `name` below the directory; the way back is `unmount` or the end. */
  mount(name: string, args: readonly string[]): string;
  unmount(path: string): void;
  remove(): void;
}

export function scratchDirectory(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'obvault-test-'));
  const mounted: string[] = [];
  const unmount = (target: string) => {
    execFileSync('umount', ['-l', target], { stdio: 'pipe' });
    mounted.splice(mounted.indexOf(target), 1);
  };
  return {
    path,
    mount(name, args) {
      const target = join(path, name);
      mkdirSync(target, { recursive: true });
      execFileSync('mount', [...args, target], { stdio: 'pipe' });
      mounted.push(target);
      return target;
    },
    unmount,
    remove() {
      for (const target of mounted.slice().reverse()) unmount(target);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Why mounts cannot be made here, null when they can. */
export function mountRefusal(): string | null {
  const scratch = scratchDirectory();
  try {
    scratch.mount('probe', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs']);
    return null;
  } catch (error) {
    return `mounting is refused: ${error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : error}`;
  } finally {
    scratch.remove();
  }
}
