import { openTable, type Store } from './store.ts';

/** What the views tell about a system variable. */
export interface VariableDefinition {
  readonly name: string;
  readonly defaultValue: string;
  /** Empty without a bound. */
  readonly minValue: string;
  readonly maxValue: string;
  readonly scope: 'GLOBAL' | 'SESSION' | 'GLOBAL | SESSION';
  readonly info: string;
}

/**
 * Global system variables. For sys this is where they live; those of user tenants live in their engines and are noted
 * here as well, so that views can show them. Names are lower case.
 */
export interface VariableRepository {
  /** Brings the list of known variables up to date; cheap when nothing changed. */
  define(definitions: readonly VariableDefinition[]): void;
  /** Values a tenant has set. */
  values(tenantId: number): Readonly<Record<string, string>>;
  set(tenantId: number, name: string, value: string): void;
  /** Goes back to the default. */
  reset(tenantId: number, name: string): void;
  removeTenant(tenantId: number): void;
}

interface VariableValue {
  readonly tenantId: number;
  readonly name: string;
  readonly value: string;
  readonly modifyUs: number;
}

export function createVariables(store: Store): VariableRepository {
  const known = openTable<VariableDefinition, 'name'>(store, {
    name: 'variable_definition',
    key: ['name'],
    fields: {
      name: 'text',
      defaultValue: 'text',
      minValue: 'text',
      maxValue: 'text',
      scope: 'text',
      info: 'text',
    },
  });
  const values = openTable<VariableValue, 'tenantId' | 'name'>(store, {
    name: 'variable_value',
    key: ['tenantId', 'name'],
    fields: { tenantId: 'int', name: 'text', value: 'text', modifyUs: 'int' },
  });
  const shape = (d: VariableDefinition) => [d.name, d.defaultValue, d.minValue, d.maxValue, d.scope, d.info].join('\0');
  return Object.freeze({
    define: (definitions: readonly VariableDefinition[]) => {
      const wanted = new Set(definitions.map(shape));
      const present = known.list();
      if (present.length === wanted.size && present.every((definition) => wanted.has(shape(definition)))) return;
      known.removeAll({});
      for (const definition of definitions) known.put(definition);
    },
    values: (tenantId: number) => Object.fromEntries(values.list({ tenantId }).map((row) => [row.name, row.value])),
    set: (tenantId: number, name: string, value: string) =>
      values.put({ tenantId, name: name.toLowerCase(), value, modifyUs: store.nowUs() }),
    reset: (tenantId: number, name: string) => void values.remove({ tenantId, name: name.toLowerCase() }),
    removeTenant: (tenantId: number) => void values.removeAll({ tenantId }),
  });
}
