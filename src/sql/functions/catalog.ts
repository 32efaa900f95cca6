import { dateFunctions } from './date-functions.ts';
import { datePartFunctions } from './date-part-functions.ts';
import type { FunctionDefinition } from './definition.ts';
import { hashFunctions } from './hash-functions.ts';
import { internalFunctions } from './internal-functions.ts';
import { internalMomentFunctions } from './internal-moment-functions.ts';
import { internalNumberFunctions } from './internal-number-functions.ts';
import { jsonFunctions } from './json-functions.ts';
import { numberFunctions } from './number-functions.ts';
import { searchFunctions } from './search-functions.ts';
import { sessionFunctions } from './session-functions.ts';
import { stringFunctions } from './string-functions.ts';

const callable = [
  ...stringFunctions,
  ...searchFunctions,
  ...numberFunctions,
  ...dateFunctions,
  ...datePartFunctions,
  ...jsonFunctions,
  ...hashFunctions,
  ...sessionFunctions,
];

/** MySQL's functions by lower-case name: what a statement may call. */
export const mysqlFunctions: ReadonlyMap<string, FunctionDefinition> = new Map(
  callable.map((definition) => [definition.name, definition]),
);

/** Everything that is registered; names of our own functions never hide one of MySQL's. */
export const functionDefinitions: ReadonlyMap<string, FunctionDefinition> = new Map(
  [...callable, ...internalFunctions, ...internalMomentFunctions, ...internalNumberFunctions].map((definition) => [
    definition.name,
    definition,
  ]),
);
