import { fault } from '../../base/errors.ts';
import { formatJson, isArray, JsonSyntaxError, type JsonValue, parseJson } from '../../value/json.ts';
import { define, type FunctionDefinition, integer, many, returns, type SqlValue, str } from './definition.ts';
import { type ChangeMode, change, follow, isObject, isWild, parsePath } from './json-path.ts';

/**
 * JSON arguments come as texts. Arguments that are values (of JSON_OBJECT, JSON_ARRAY, JSON_SET …) come marked by the
 * translator with `jsonMark` in front of their JSON text; everything else comes as it is.
 */
export const jsonMark = '\u0001json:';

/** Reads the document argument of a function; 3141 and the position when it is none. */
export function documentOf(value: SqlValue, index: number, name: string): JsonValue {
  const text = str(value);
  try {
    return parseJson(text.startsWith(jsonMark) ? text.slice(jsonMark.length) : text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw fault('ER_INVALID_JSON_TEXT_IN_PARAM', index, name, error.message, error.position);
  }
}

/** A SQL value inside a document. */
export function jsonValueOf(value: SqlValue): JsonValue {
  if (value === null || typeof value === 'bigint' || typeof value === 'number') return value;
  const text = str(value);
  return text.startsWith(jsonMark) ? parseJson(text.slice(jsonMark.length)) : text;
}

const paths = (args: readonly SqlValue[], from: number) => args.slice(from).map((path) => parsePath(str(path)));

function extract(args: readonly SqlValue[]): string | null {
  const document = documentOf(args[0]!, 1, 'json_extract');
  const list = paths(args, 1);
  const found = list.flatMap((steps) => follow(document, steps));
  if (found.length === 0) return null;
  return list.length === 1 && !isWild(list[0]!) ? formatJson(found[0]!) : formatJson(found);
}

export function unquoteJson(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  try {
    const value = parseJson(text);
    return typeof value === 'string' ? value : text;
  } catch {
    throw fault('ER_INVALID_JSON_TEXT_IN_PARAM', 1, 'json_unquote', 'Invalid value.', 0);
  }
}

function contains(target: JsonValue, candidate: JsonValue): boolean {
  if (isArray(target))
    return isArray(candidate)
      ? candidate.every((item) => contains(target, item))
      : target.some((item) => contains(item, candidate));
  if (isObject(target))
    return (
      isObject(candidate) &&
      [...candidate].every(([name, value]) => target.has(name) && contains(target.get(name)!, value))
    );
  return sameScalar(target, candidate);
}

function sameScalar(a: JsonValue, b: JsonValue): boolean {
  const numbers = (value: JsonValue) => typeof value === 'number' || typeof value === 'bigint';
  if (numbers(a) && numbers(b)) return Number(a) === Number(b) && (typeof a === typeof b ? a === b : true);
  return !isArray(b) && !isObject(b) && a === b;
}

/** The only value a document or a path inside of it leads to. */
function at(args: readonly SqlValue[], index: number, name: string): JsonValue | undefined {
  const document = documentOf(args[0]!, 1, name);
  return args[index] === undefined ? document : follow(document, parsePath(str(args[index])))[0];
}

function changing(mode: ChangeMode): NonNullable<FunctionDefinition['runNulls']> {
  return (args) => {
    if (args[0] === null) return null;
    let document = documentOf(args[0]!, 1, `json_${mode}`);
    for (let index = 1; index < args.length; index += mode === 'remove' ? 1 : 2) {
      if (args[index] === null) return null;
      document = change(
        document,
        parsePath(str(args[index])),
        mode,
        mode === 'remove' ? null : jsonValueOf(args[index + 1]!),
      );
    }
    return formatJson(document);
  };
}

function mergePreserve(a: JsonValue, b: JsonValue): JsonValue {
  if (isObject(a) && isObject(b)) {
    const merged = new Map(a);
    for (const [name, value] of b) merged.set(name, merged.has(name) ? mergePreserve(merged.get(name)!, value) : value);
    return merged;
  }
  return [...(isArray(a) ? a : [a]), ...(isArray(b) ? b : [b])];
}

function mergePatch(a: JsonValue, b: JsonValue): JsonValue {
  if (!isObject(b)) return b;
  const merged = new Map(isObject(a) ? a : []);
  for (const [name, value] of b) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name) ?? null, value));
  }
  return merged;
}

function merging(name: string, merge: (a: JsonValue, b: JsonValue) => JsonValue): FunctionDefinition {
  return define(name, [2, many], ['json'], returns.json, (args) =>
    formatJson(args.map((item, index) => documentOf(item, index + 1, name)).reduce(merge)),
  );
}

function depth(value: JsonValue): number {
  const items = isArray(value) ? value : isObject(value) ? [...value.values()] : [];
  return 1 + Math.max(0, ...items.map(depth));
}

function typeName(value: JsonValue): string {
  if (value === null) return 'NULL';
  if (isArray(value)) return 'ARRAY';
  if (isObject(value)) return 'OBJECT';
  if (typeof value === 'bigint') return value > 9223372036854775807n ? 'UNSIGNED INTEGER' : 'INTEGER';
  return typeof value === 'number' ? 'DOUBLE' : typeof value === 'string' ? 'STRING' : 'BOOLEAN';
}

function pretty(value: JsonValue, indent: string): string {
  const inner = `${indent}  `;
  if (isArray(value) && value.length > 0)
    return `[\n${value.map((item) => inner + pretty(item, inner)).join(',\n')}\n${indent}]`;
  if (isObject(value) && value.size > 0)
    return `{\n${[...value].map(([name, item]) => `${inner}${JSON.stringify(name)}: ${pretty(item, inner)}`).join(',\n')}\n${indent}}`;
  return formatJson(value);
}

function objectOf(args: readonly SqlValue[]): string {
  if (args.length % 2 !== 0) throw fault('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', 'json_object');
  const members = new Map<string, JsonValue>();
  for (let index = 0; index < args.length; index += 2) {
    if (args[index] === null) throw fault('ER_JSON_DOCUMENT_NULL_KEY');
    members.set(str(args[index]), jsonValueOf(args[index + 1]!));
  }
  return formatJson(members);
}

function search(args: readonly SqlValue[]): string | null {
  const [given, mode, pattern] = args;
  const found: string[] = [];
  const test = likePattern(str(pattern));
  const walk = (value: JsonValue, path: string): void => {
    if (typeof value === 'string' && test.test(value)) found.push(path);
    if (isArray(value)) for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`);
    if (isObject(value))
      for (const [name, item] of value)
        walk(item, `${path}.${/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : JSON.stringify(name)}`);
  };
  walk(documentOf(given!, 1, 'json_search'), '$');
  if (found.length === 0) return null;
  return str(mode).toLowerCase() === 'one' || found.length === 1 ? formatJson(found[0]!) : formatJson(found);
}

function likePattern(pattern: string): RegExp {
  const body = pattern.replace(
    /\\(.)|([%_])|([\s\S])/gu,
    (_, escaped: string | undefined, wild: string | undefined, plain: string | undefined) =>
      wild === undefined
        ? (escaped ?? plain ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        : wild === '%'
          ? '[\\s\\S]*'
          : '[\\s\\S]',
  );
  return new RegExp(`^${body}$`, 'iu');
}

export const jsonFunctions: readonly FunctionDefinition[] = [
  define('json_extract', [2, many], ['json', 'characters'], returns.json, extract),
  define('json_unquote', [1, 1], ['json'], returns.longtext, ([value]) => unquoteJson(str(value))),
  define('json_quote', [1, 1], ['characters'], returns.longtext, ([value]) => JSON.stringify(str(value))),
  { name: 'json_object', least: 0, most: many, kinds: ['raw'], result: returns.json, runNulls: objectOf },
  {
    name: 'json_array',
    least: 0,
    most: many,
    kinds: ['raw'],
    result: returns.json,
    runNulls: (args) => formatJson(args.map(jsonValueOf)),
  },
  define('json_valid', [1, 1], ['raw'], returns.flag, ([value]) => isValid(value!), integer),
  define(
    'json_contains',
    [2, 3],
    ['json', 'json', 'characters'],
    returns.flag,
    (args) => {
      const target = at(args, 2, 'json_contains');
      return target === undefined ? null : contains(target, documentOf(args[1]!, 2, 'json_contains'));
    },
    integer,
  ),
  define(
    'json_contains_path',
    [3, many],
    ['json', 'characters'],
    returns.flag,
    (args) => {
      const document = documentOf(args[0]!, 1, 'json_contains_path');
      const present = paths(args, 2).map((steps) => follow(document, steps).length > 0);
      return str(args[1]).toLowerCase() === 'one' ? present.includes(true) : !present.includes(false);
    },
    integer,
  ),
  define(
    'json_length',
    [1, 2],
    ['json', 'characters'],
    returns.bigint,
    (args) => {
      const value = at(args, 1, 'json_length');
      return value === undefined ? null : isArray(value) ? value.length : isObject(value) ? value.size : 1;
    },
    integer,
  ),
  define(
    'json_depth',
    [1, 1],
    ['json'],
    returns.bigint,
    ([value]) => depth(documentOf(value!, 1, 'json_depth')),
    integer,
  ),
  define('json_type', [1, 1], ['json'], returns.text(20), ([value]) => typeName(documentOf(value!, 1, 'json_type'))),
  define('json_keys', [1, 2], ['json', 'characters'], returns.json, (args) => {
    const value = at(args, 1, 'json_keys');
    return value !== undefined && isObject(value)
      ? formatJson([...(parseJson(formatJson(value)) as ReadonlyMap<string, JsonValue>).keys()])
      : null;
  }),
  define('json_pretty', [1, 1], ['json'], returns.longtext, ([value]) =>
    pretty(parseJson(formatJson(documentOf(value!, 1, 'json_pretty'))), ''),
  ),
  define('json_search', [3, many], ['json', 'characters'], returns.json, search),
  define('json_storage_size', [1, 1], ['json'], returns.bigint, ([value]) => Buffer.byteLength(str(value)), integer),
  ...(['set', 'insert', 'replace'] as const).map(
    (mode): FunctionDefinition => ({
      name: `json_${mode}`,
      least: 3,
      most: many,
      kinds: ['json', 'raw'],
      result: returns.json,
      runNulls: changing(mode),
    }),
  ),
  {
    name: 'json_remove',
    least: 2,
    most: many,
    kinds: ['json', 'characters'],
    result: returns.json,
    runNulls: changing('remove'),
  },
  {
    name: 'json_array_append',
    least: 3,
    most: many,
    kinds: ['json', 'raw'],
    result: returns.json,
    runNulls: changing('append'),
  },
  {
    name: 'json_array_insert',
    least: 3,
    most: many,
    kinds: ['json', 'raw'],
    result: returns.json,
    runNulls: changing('arrayInsert'),
  },
  merging('json_merge', mergePreserve),
  merging('json_merge_preserve', mergePreserve),
  merging('json_merge_patch', mergePatch),
];

function isValid(value: SqlValue): boolean {
  if (typeof value !== 'string') return false;
  try {
    parseJson(value.startsWith(jsonMark) ? value.slice(jsonMark.length) : value);
    return true;
  } catch {
    return false;
  }
}
