import { fault } from '../base/errors.ts';
import type { TenantVariable } from '../sql/statement-tenant.ts';
import type { VariableDefinition } from '../sql/system-variable-table.ts';
import { checkAssignment, checkSettable, storedName, variableNamed } from '../sql/system-variables.ts';
import { ineffective } from '../sql/variable-effects.ts';
import type { Cell } from '../value/column-type.ts';
import type { Speaker } from './statement-handler.ts';

/** Global values to store, by canonical name. */
export type GlobalValues = Readonly<Record<string, string>>;

/** What may be said only when a tenant is made. */
export interface NewTenantVariables {
  readonly oracle: boolean;
  readonly values: GlobalValues;
}

/**
 * Variables of CREATE TENANT: those of ALTER TENANT, and the two that are settled for ever. Throws 1193, 1228, 1231, 1232,
 * 1238; 1235 for a value this server does not carry out.
 */
export function readNewVariables(variables: readonly TenantVariable[], speaker: Speaker): NewTenantVariables {
  const modes = variables.filter(({ name }) => name === 'ob_compatibility_mode');
  const oracle = modes.map((variable) => readMode(variable, speaker)).at(-1) ?? false;
  for (const variable of variables) {
    if (variable.name === 'lower_case_table_names') requireCaseRule(variable, speaker, oracle);
  }
  const others = variables.filter(({ name }) => name !== 'ob_compatibility_mode' && name !== 'lower_case_table_names');
  return { oracle, values: readVariables(others, speaker) };
}

/** Says of each value that it is kept for nothing, where it is: 1235. */
export function remarkOn(values: GlobalValues, speaker: Speaker): void {
  for (const [name, value] of Object.entries(values)) {
    const remark = ineffective(variableNamed(name), value);
    if (remark !== null) speaker.warn('Warning', 1235, remark);
  }
}

/** Values of global variables, checked as SET GLOBAL checks them. */
export function readVariables(variables: readonly TenantVariable[], speaker: Speaker): GlobalValues {
  const values: Record<string, string> = {};
  for (const variable of variables) {
    const definition = variableNamed(variable.name);
    checkSettable(definition, 'global');
    const value = checkAssignment(definition, cellOf(variable, definition, speaker));
    if (value === null) throw fault('OB_ERR_WRONG_VALUE_FOR_VAR', variable.name, 'NULL');
    values[storedName(definition)] = value;
  }
  return values;
}

function readMode(variable: TenantVariable, speaker: Speaker): boolean {
  const definition = variableNamed(variable.name);
  return checkAssignment(definition, cellOf(variable, definition, speaker)) === 'ORACLE';
}

function requireCaseRule(variable: TenantVariable, speaker: Speaker, oracle: boolean): void {
  const definition = variableNamed(variable.name);
  const value = String(cellOf(variable, definition, speaker));
  if (!/^[012]$/.test(value)) throw fault('OB_ERR_WRONG_VALUE_FOR_VAR', variable.name, value);
  if (value !== (oracle ? '0' : '1')) throw fault('OB_NOT_SUPPORTED', `lower_case_table_names = ${value} is`);
}

/** The value as SET would hand it over: numbers as numbers, words and strings as text. */
function cellOf({ name, value }: TenantVariable, definition: VariableDefinition, speaker: Speaker): Cell {
  switch (value.type) {
    case 'null':
      return null;
    case 'number':
      return numberOf(value.text);
    case 'boolean':
      return /^(?:true|1)$/i.test(value.text) ? 1 : 0;
    case 'default':
      return defaultOf(definition);
    case 'systemVariable': {
      const text = speaker.systemVariable(value.name, value.scope ?? 'session');
      if (text === null) throw fault('OB_ERR_SYS_VARIABLE_UNKNOWN', value.name);
      return fitting(definition, text);
    }
    case 'string':
    case 'date':
    case 'word':
      // `DEFAULT` may come as a bare word too.
      if (value.type === 'word' && value.text.toUpperCase() === 'DEFAULT') return defaultOf(definition);
      return name === 'lower_case_table_names' ? fitting(definition, value.text) : value.text;
  }
}

function defaultOf(definition: VariableDefinition): Cell {
  const { name, default: value } = definition;
  if (typeof value === 'function' || value === null) throw fault('ER_INCORRECT_GLOBAL_LOCAL_VAR', name, 'read only');
  return fitting(definition, value);
}

/** Stored text as the kind of cell an assignment wants. */
function fitting(definition: VariableDefinition, text: string): Cell {
  const { kind } = definition.type;
  return (kind === 'int' || kind === 'double') && /^-?\d/.test(text) ? numberOf(text) : text;
}

function numberOf(text: string): number | bigint {
  const value = Number(text);
  return /^[+-]?\d+$/.test(text.trim()) && !Number.isSafeInteger(value) ? BigInt(text.trim()) : value;
}
