import type { FunctionContext } from '../../sql/functions/context.ts';
import type { Cell } from '../../value/column-type.ts';
import { unsignedCell } from '../../value/unsigned.ts';
import type { Execution } from './statement.ts';

/** What the statement's functions leave behind. */
export interface Effects {
  /** Rows an UPDATE met, and those it changed; null as long as none was met. */
  matched: number;
  changed: number;
  lastInsertId: bigint | null;
  /** User variables the statement assigned. */
  readonly variables: Map<string, Cell>;
  readonly warnings: { readonly level: 'Warning'; readonly code: number; readonly message: string }[];
  /** Row of the statement for error texts, from 1. */
  rowNumber: number;
  /** The row number is that of the next row an UPDATE meets. */
  countsRows: boolean;
}

export function newEffects(): Effects {
  return {
    matched: 0,
    changed: 0,
    lastInsertId: null,
    variables: new Map(),
    warnings: [],
    rowNumber: 1,
    countsRows: false,
  };
}

/** What the session takes over of the variables a statement assigned. */
export function assignedBy({ variables }: Effects): { readonly assigned?: Readonly<Record<string, Cell>> } {
  return variables.size === 0 ? {} : { assigned: Object.fromEntries(variables) };
}

/** Warnings kept of one statement, as max_error_count. */
export const mostWarnings = 64;

/** What of a statement its functions need. */
export interface FunctionOwner {
  readonly context: Execution['context'];
  readonly request: Pick<Execution['request'], 'nowUs'>;
  readonly tenant: Pick<Execution['tenant'], 'tenantId'>;
  readonly check: Pick<Execution['check'], 'sleep'>;
}

/** What functions inside of SQLite know of the statement, and where they leave what they did. */
export function functionContext(execution: FunctionOwner, effects: Effects = newEffects()): FunctionContext {
  const { context, request, tenant } = execution;
  const variable = (name: string) => String(context.systemVariables[name] ?? '');
  const version = variable('version');
  return {
    ...context,
    nowUs: request.nowUs,
    version,
    obVersion: /v([\d.]+)/.exec(version)?.[1] ?? '',
    tenantName: variable('tenant_name'),
    tenantId: tenant.tenantId,
    hostIp: variable('host_ip') || '127.0.0.1',
    rpcPort: Number(variable('rpc_port') || 2882),
    get rowNumber() {
      return effects.countsRows ? effects.matched + 1 : effects.rowNumber;
    },
    variables: {
      get(name) {
        const own = effects.variables.get(name);
        const cell = own === undefined ? (context.userVariables[name] ?? null) : own;
        if (typeof cell === 'bigint') return unsignedCell(cell);
        return Number.isSafeInteger(cell) ? BigInt(cell as number) : cell;
      },
      set(name, value) {
        effects.variables.set(name, value);
      },
    },
    sleep: execution.check.sleep,
    touch(changed) {
      effects.matched++;
      if (changed) effects.changed++;
    },
    setLastInsertId(value) {
      effects.lastInsertId = value;
    },
    warn(code, message) {
      if (effects.warnings.length < mostWarnings) effects.warnings.push({ level: 'Warning', code, message });
    },
  };
}
