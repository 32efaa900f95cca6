/** A refusal in the words of the file system. */
export class HdfsRefusal extends Error {
  readonly exception: string;
  readonly status: number;
  constructor(exception: string, message: string = exception) {
    super(message);
    this.exception = exception;
    this.status =
      exception === 'FileNotFoundException' ? 404 : exception.endsWith('IllegalArgumentException') ? 400 : 403;
  }
}

export interface HdfsNode {
  readonly type: 'FILE' | 'DIRECTORY';
  bytes: Buffer;
  modifiedMs: number;
}

const segmentBytesMax = 255;

/** The name space of HDFS as far as a medium sees it. Files appear when they are begun, and hold what has come so far. */
export class HdfsTree {
  readonly nodes = new Map<string, HdfsNode>();
  readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
    this.nodes.set('/', { type: 'DIRECTORY', bytes: Buffer.alloc(0), modifiedMs: nowMs() });
  }

  get(path: string): HdfsNode {
    for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent))
      if (this.nodes.get(parent)?.type === 'FILE')
        throw new HdfsRefusal('AccessControlException', `${parent} (is not a directory)`);
    const found = this.nodes.get(path);
    if (!found) throw new HdfsRefusal('FileNotFoundException', `File does not exist: ${path}`);
    return found;
  }

  file(path: string): HdfsNode {
    const found = this.get(path);
    if (found.type !== 'FILE') throw new HdfsRefusal('FileNotFoundException', `Path is not a file: ${path}`);
    return found;
  }

  children(path: string): string[] {
    const below = path === '/' ? '/' : `${path}/`;
    return [...this.nodes.keys()]
      .filter((one) => one !== '/' && one.startsWith(below) && !one.slice(below.length).includes('/'))
      .map((one) => one.slice(below.length))
      .sort();
  }

  makeDirectory(path: string): void {
    if (path === '/') return;
    const found = this.nodes.get(path);
    if (found?.type === 'FILE') throw new HdfsRefusal('ParentNotDirectoryException', `${path} is not a directory`);
    if (found) return;
    this.makeDirectory(parentOf(path));
    this.#add(path, { type: 'DIRECTORY', bytes: Buffer.alloc(0), modifiedMs: this.nowMs() });
  }

  create(path: string, overwrite: boolean): HdfsNode {
    const found = this.nodes.get(path);
    if (found && (!overwrite || found.type === 'DIRECTORY'))
      throw new HdfsRefusal('FileAlreadyExistsException', `${path} already exists`);
    this.makeDirectory(parentOf(path));
    const made: HdfsNode = { type: 'FILE', bytes: Buffer.alloc(0), modifiedMs: this.nowMs() };
    this.#add(path, made);
    return made;
  }

  append(node: HdfsNode, bytes: Buffer): void {
    node.bytes = Buffer.concat([node.bytes, bytes]);
    node.modifiedMs = this.nowMs();
  }

  /** The old RENAME: false when it cannot be done, and into the directory when the destination is one. */
  rename(path: string, destination: string): boolean {
    const node = this.nodes.get(path);
    let target = destination;
    if (this.nodes.get(target)?.type === 'DIRECTORY') target = `${target}/${path.slice(path.lastIndexOf('/') + 1)}`;
    if (!node || this.nodes.has(target) || this.nodes.get(parentOf(target))?.type !== 'DIRECTORY') return false;
    this.#move(path, target, node);
    return true;
  }

  /** RENAME with OVERWRITE. */
  replace(path: string, destination: string): void {
    const node = this.get(path);
    if (this.nodes.get(destination)?.type === 'DIRECTORY')
      throw new HdfsRefusal('IOException', 'source and destination must both be files or directories');
    this.get(parentOf(destination));
    this.#move(path, destination, node);
  }

  join(path: string, sources: readonly string[]): void {
    const target = this.file(path);
    if (target.bytes.length === 0) throw new HdfsRefusal('HadoopIllegalArgumentException', 'the target is empty');
    const nodes = sources.map((source) => this.file(source));
    for (const [i, source] of sources.entries())
      if (parentOf(source) !== parentOf(path) || source === path || nodes[i]?.bytes.length === 0)
        throw new HdfsRefusal('HadoopIllegalArgumentException', `concat: source ${source} does not fit`);
    target.bytes = Buffer.concat([target.bytes, ...nodes.map(({ bytes }) => bytes)]);
    target.modifiedMs = this.nowMs();
    for (const source of sources) this.nodes.delete(source);
  }

  remove(path: string, recursive: boolean): boolean {
    if (!this.nodes.has(path) || path === '/') return false;
    const below = [...this.nodes.keys()].filter((one) => one.startsWith(`${path}/`));
    if (below.length > 0 && !recursive)
      throw new HdfsRefusal('PathIsNotEmptyDirectoryException', `${path} is non empty`);
    for (const one of [path, ...below]) this.nodes.delete(one);
    return true;
  }

  #move(path: string, target: string, node: HdfsNode): void {
    this.nodes.delete(path);
    this.#add(target, node);
    for (const one of [...this.nodes.keys()].filter((name) => name.startsWith(`${path}/`))) {
      this.nodes.set(`${target}${one.slice(path.length)}`, this.nodes.get(one) as HdfsNode);
      this.nodes.delete(one);
    }
  }

  #add(path: string, node: HdfsNode): void {
    if (path.split('/').some((segment) => Buffer.byteLength(segment) > segmentBytesMax))
      throw new HdfsRefusal('PathComponentTooLongException', 'The maximum path component name limit is exceeded');
    this.nodes.set(path, node);
    const parent = this.nodes.get(parentOf(path));
    if (parent) parent.modifiedMs = this.nowMs();
  }
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
