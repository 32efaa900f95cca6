import type { VariableDefinition } from '../catalog/variables.ts';
import { type ServerFacts, systemVariables } from '../sql/system-variable-table.ts';

const scopes = { session: 'SESSION', global: 'GLOBAL', both: 'GLOBAL | SESSION' } as const;

/** The system variables as the views list them. */
export function variableDefinitions(facts: ServerFacts): readonly VariableDefinition[] {
  return [...systemVariables.values()]
    .filter(({ aliasOf }) => aliasOf === null)
    .map(({ name, scope, type, default: built }) => ({
      name,
      defaultValue: (typeof built === 'function' ? built(facts) : built) ?? '',
      minValue: type.kind === 'int' || type.kind === 'double' ? String(type.min) : '',
      maxValue: type.kind === 'int' || type.kind === 'double' ? String(type.max) : '',
      scope: scopes[scope],
      info: '',
    }));
}
