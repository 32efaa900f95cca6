import type { Expression } from '../../src/sql/ast/expression.ts';

/** An expression as MySQL text with every operand in parentheses, so that its shape shows. Queries are left out. */
export function printExpression(tree: Expression): string {
  const p = (operand: Expression) => `(${printExpression(operand)})`;
  const list = (items: readonly Expression[]) => items.map(printExpression).join(', ');
  const not = (yes: boolean) => (yes ? 'NOT ' : '');
  switch (tree.kind) {
    case 'literal':
      return printLiteral(tree);
    case 'column':
      return [tree.schema, tree.table, tree.name].flatMap((part) => (part === null ? [] : [`\`${part}\``])).join('.');
    case 'placeholder':
      return '?';
    case 'userVariable':
      return `@${tree.name}`;
    case 'systemVariable':
      return `@@${tree.scope === null ? '' : `${tree.scope}.`}${tree.name}`;
    case 'assignVariable':
      return `@${tree.name} := ${p(tree.value)}`;
    case 'unary':
      return `${tree.operator} ${p(tree.operand)}`;
    case 'binary':
      return tree.operator === '->' || tree.operator === '->>'
        ? `${printExpression(tree.left)} ${tree.operator} ${printExpression(tree.right)}`
        : `${p(tree.left)} ${tree.operator} ${tree.right.kind === 'interval' ? printExpression(tree.right) : p(tree.right)}`;
    case 'between':
      return `${p(tree.operand)} ${not(tree.not)}BETWEEN ${p(tree.low)} AND ${p(tree.high)}`;
    case 'inList':
      return `${p(tree.operand)} ${not(tree.not)}IN (${list(tree.items)})`;
    case 'like':
      return `${p(tree.operand)} ${not(tree.not)}LIKE ${p(tree.pattern)}${tree.escape === null ? '' : ` ESCAPE ${p(tree.escape)}`}`;
    case 'is':
      return `${p(tree.operand)} IS ${not(tree.not)}${tree.test}`;
    case 'case': {
      const branches = tree.branches.map((branch) => `WHEN ${p(branch.when)} THEN ${p(branch.then)}`).join(' ');
      const operand = tree.operand === null ? '' : `${p(tree.operand)} `;
      return `CASE ${operand}${branches}${tree.otherwise === null ? '' : ` ELSE ${p(tree.otherwise)}`} END`;
    }
    case 'function':
      if (tree.keyword !== undefined) throw new Error(`no plain text for ${tree.name} ${tree.keyword}`);
      return `${tree.name}(${list(tree.arguments)})`;
    case 'interval':
      return `INTERVAL ${p(tree.amount)} ${tree.unit}`;
    case 'collate':
      return `${p(tree.operand)} COLLATE ${tree.collation}`;
    case 'row':
      return `ROW(${list(tree.items)})`;
    case 'convertUsing':
      return `CONVERT(${printExpression(tree.operand)} USING ${tree.charset})`;
    case 'default':
      return tree.column === null ? 'DEFAULT' : `DEFAULT(\`${tree.column}\`)`;
    case 'valuesOf':
      return `VALUES(\`${tree.column}\`)`;
    default:
      throw new Error(`no text for ${tree.kind}`);
  }
}

function printLiteral(tree: Extract<Expression, { kind: 'literal' }>): string {
  const { value, type } = tree;
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value).toString('hex');
    return type === 'bit' ? `b'${[...value].map((byte) => byte.toString(2).padStart(8, '0')).join('')}'` : `x'${hex}'`;
  }
  if (value === null || typeof value === 'boolean') return String(value).toUpperCase();
  if (type === 'integer' || type === 'decimal' || type === 'double') return value;
  const quoted = `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  if (type !== 'string') return `${type.toUpperCase()} ${quoted}`;
  return tree.charset === undefined ? quoted : `_${tree.charset}${quoted}`;
}
