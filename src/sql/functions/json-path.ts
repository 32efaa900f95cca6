import { fault } from '../../base/errors.ts';
import { isArray, type JsonObject, type JsonValue } from '../../value/json.ts';

/** One step of a path: a member, an element, every member, every element, or any depth. */
export type JsonStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'element'; readonly index: number }
  | { readonly kind: 'members' }
  | { readonly kind: 'elements' }
  | { readonly kind: 'deep' };

const cache = new Map<string, readonly JsonStep[]>();

/** Reads `$.a[0]."b c".*[*]**.d`; throws MySQL's 3143 for anything else. */
export function parsePath(text: string): readonly JsonStep[] {
  let steps = cache.get(text);
  if (!steps) {
    steps = readPath(text);
    if (cache.size > 500) cache.clear();
    cache.set(text, steps);
  }
  return steps;
}

const stepPattern =
  /\s*(?:\.\s*(?:([\p{L}_$][\p{L}\p{N}_$]*)|("(?:[^"\\]|\\.)*")|(\*))|\[\s*(?:(\d+)|(\*))\s*\]|(\*\*))/uy;

function readPath(text: string): readonly JsonStep[] {
  const wrong = (at: number) => fault('ER_INVALID_JSON_PATH', at);
  const start = /^\s*\$/.exec(text);
  if (!start) throw wrong(1);
  const steps: JsonStep[] = [];
  let at = start[0].length;
  while (text.slice(at).trim() !== '') {
    stepPattern.lastIndex = at;
    const match = stepPattern.exec(text);
    if (!match) throw wrong(at + 1);
    at = stepPattern.lastIndex;
    const [, name, quoted, members, index, elements] = match;
    if (name !== undefined) steps.push({ kind: 'member', name });
    else if (quoted !== undefined) steps.push({ kind: 'member', name: JSON.parse(quoted) as string });
    else if (members !== undefined) steps.push({ kind: 'members' });
    else if (index !== undefined) steps.push({ kind: 'element', index: Number(index) });
    else steps.push(elements !== undefined ? { kind: 'elements' } : { kind: 'deep' });
  }
  if (steps.at(-1)?.kind === 'deep') throw wrong(at);
  return steps;
}

export function isWild(steps: readonly JsonStep[]): boolean {
  return steps.some((step) => step.kind !== 'member' && step.kind !== 'element');
}

export function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}

/** Every value the path leads to. */
export function follow(value: JsonValue, steps: readonly JsonStep[], at = 0): JsonValue[] {
  const step = steps[at];
  if (!step) return [value];
  const next = (found: JsonValue | undefined) => (found === undefined ? [] : follow(found, steps, at + 1));
  switch (step.kind) {
    case 'member':
      return isObject(value) ? next(value.get(step.name)) : [];
    case 'element':
      if (isArray(value)) return next(value[step.index]);
      return step.index === 0 ? next(value) : [];
    case 'members':
      return isObject(value) ? [...value.values()].flatMap((item) => follow(item, steps, at + 1)) : [];
    case 'elements':
      return isArray(value) ? value.flatMap((item) => follow(item, steps, at + 1)) : [];
    case 'deep':
      return [...next(value), ...children(value).flatMap((item) => follow(item, steps, at))];
  }
}

function children(value: JsonValue): readonly JsonValue[] {
  return isArray(value) ? value : isObject(value) ? [...value.values()] : [];
}

export type ChangeMode = 'set' | 'insert' | 'replace' | 'remove' | 'append' | 'arrayInsert';

/** The value with a change at the end of a path without wildcards. */
export function change(value: JsonValue, steps: readonly JsonStep[], mode: ChangeMode, given: JsonValue): JsonValue {
  if (isWild(steps)) throw fault('ER_WRONG_ARGUMENTS', 'JSON path');
  const [step, ...rest] = steps;
  if (!step) return ended(value, mode, given);
  if (step.kind === 'member') {
    if (!isObject(value)) return value;
    return changeMember(value, step.name, rest, mode, given);
  }
  if (step.kind !== 'element') return value;
  if (!isArray(value)) {
    if (step.index === 0) return change(value, rest, mode, given);
    return rest.length === 0 && (mode === 'set' || mode === 'insert') ? [value, given] : value;
  }
  const copy = [...value];
  const index = step.index;
  if (index >= copy.length) {
    if (rest.length === 0 && (mode === 'set' || mode === 'insert' || mode === 'arrayInsert')) copy.push(given);
    return copy;
  }
  if (rest.length === 0 && mode === 'remove') copy.splice(index, 1);
  else if (rest.length === 0 && mode === 'arrayInsert') copy.splice(index, 0, given);
  else copy[index] = change(copy[index]!, rest, mode, given);
  return copy;
}

function changeMember(
  value: JsonObject,
  name: string,
  rest: readonly JsonStep[],
  mode: ChangeMode,
  given: JsonValue,
): JsonValue {
  const copy = new Map(value);
  const old = copy.get(name);
  if (old === undefined) {
    if (rest.length === 0 && (mode === 'set' || mode === 'insert')) copy.set(name, given);
  } else if (rest.length === 0 && mode === 'remove') copy.delete(name);
  else copy.set(name, change(old, rest, mode, given));
  return copy;
}

function ended(value: JsonValue, mode: ChangeMode, given: JsonValue): JsonValue {
  if (mode === 'append') return isArray(value) ? [...value, given] : [value, given];
  return mode === 'set' || mode === 'replace' ? given : value;
}
