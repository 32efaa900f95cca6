import {
  type AppendSink,
  type Medium,
  MediumError,
  type MediumErrorKind,
  type ObjectSink,
  type ObjectSource,
} from '../medium.ts';

/** Names of the operations a fault plan can count, those of opened objects included. */
export type MediumOperation =
  | keyof Omit<Medium, 'scheme' | 'abilities'>
  | 'writeAt'
  | 'publish'
  | 'abort'
  | 'append'
  | 'readAt';

export interface FaultPlan {
  /** The operation that fails, counted from 1 over all that `only` lets through; 0 fails none. */
  readonly at: number;
  readonly kind: MediumErrorKind;
  /** Counts these operations only. */
  readonly only?: readonly MediumOperation[];
  /** Counts operations on keys this accepts only. */
  readonly keys?: (key: string) => boolean;
  /** `before` (default): nothing happens. `after`: it is done, and its answer, good or bad, is lost. */
  readonly moment?: 'before' | 'after';
  /** Every counted operation from `at` on fails: the medium is gone, not merely hiccuping. */
  readonly lasting?: boolean;
}

export interface FaultyMedium extends Medium {
  /** Every operation so far, `name key`, in order. */
  readonly trace: readonly string[];
}

/** For tests: a medium whose n-th operation fails with a given kind. */
export function withFault(inner: Medium, plan: FaultPlan): FaultyMedium {
  const trace: string[] = [];
  let count = 0;
  const step: Step = async (name, key, work, lost) => {
    trace.push(`${name} ${key}`);
    const counted = (plan.only?.includes(name) ?? true) && (plan.keys?.(key) ?? true);
    if (counted) count += 1;
    const hit = counted && plan.at > 0 && (plan.lasting === true ? count >= plan.at : count === plan.at);
    if (!hit) return work();
    if (plan.moment === 'after')
      await work()
        .then((result) => lost?.(result))
        .catch(() => undefined);
    throw new MediumError(plan.kind, key, `planned fault at operation ${plan.at}`);
  };
  return {
    scheme: inner.scheme,
    abilities: inner.abilities,
    trace,
    putSmall: (key, bytes, mode, signal) => step('putSmall', key, () => inner.putSmall(key, bytes, mode, signal)),
    createObject: (key, signal) =>
      step(
        'createObject',
        key,
        () => inner.createObject(key, signal),
        (sink) => sink.abort(),
      ).then((sink) => faultySink(sink, key, step)),
    openAppend: (key, sizeBytes, signal) =>
      step(
        'openAppend',
        key,
        () => inner.openAppend(key, sizeBytes, signal),
        (sink) => sink.close(),
      ).then((sink) => faultyAppend(sink, key, step)),
    read: (key, offset, length, signal) => step('read', key, () => inner.read(key, offset, length, signal)),
    openObject: (key, signal) =>
      step(
        'openObject',
        key,
        () => inner.openObject(key, signal),
        (source) => source.close(),
      ).then((source) => faultySource(source, key, step)),
    head: (key, signal) => step('head', key, () => inner.head(key, signal)),
    async *listPages(prefix, signal) {
      for await (const page of inner.listPages(prefix, signal)) yield await step('listPages', prefix, async () => page);
    },
    list: (prefix, signal) => step('list', prefix, () => inner.list(prefix, signal)),
    remove: (keys, signal) => step('remove', keys.join(','), () => inner.remove(keys, signal)),
    removeDirectory: (prefix, signal) => step('removeDirectory', prefix, () => inner.removeDirectory(prefix, signal)),
    tag: (keys, tags, signal) => step('tag', keys.join(','), () => inner.tag(keys, tags, signal)),
    tagsOf: (key, signal) => step('tagsOf', key, () => inner.tagsOf(key, signal)),
    sweep: (olderThanMs, signal) => step('sweep', '', () => inner.sweep(olderThanMs, signal)),
    status: (signal) => step('status', '', () => inner.status(signal)),
    close: () => step('close', '', () => inner.close()),
  };
}

/** `lost` gives back what `work` opened when the answer does not reach the caller. */
type Step = <T>(
  name: MediumOperation,
  key: string,
  work: () => Promise<T>,
  lost?: (result: T) => Promise<void>,
) => Promise<T>;

// The descriptor is withheld: writes and reads past the wrapper could not be counted.
function faultySink(sink: ObjectSink, key: string, step: Step): ObjectSink {
  return {
    writeAt: (offset, bytes) => step('writeAt', key, () => sink.writeAt(offset, bytes)),
    publish: (sizeBytes) => step('publish', key, () => sink.publish(sizeBytes)),
    abort: () => step('abort', key, () => sink.abort()),
  };
}

function faultyAppend(sink: AppendSink, key: string, step: Step): AppendSink {
  return {
    get sizeBytes() {
      return sink.sizeBytes;
    },
    append: (bytes) => step('append', key, () => sink.append(bytes)),
    close: () => step('close', key, () => sink.close()),
  };
}

function faultySource(source: ObjectSource, key: string, step: Step): ObjectSource {
  return {
    sizeBytes: source.sizeBytes,
    read: (offset, length) => step('readAt', key, () => source.read(offset, length)),
    close: () => step('close', key, () => source.close()),
  };
}
