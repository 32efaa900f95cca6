import { randomBytes } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from './clients.ts';

/** Tables of text, numbers, JSON and bytes that do not shrink, in about equal shares. */
export const tables = [
  `CREATE TABLE shop.notes (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(40) NOT NULL,
    written_at DATETIME(6) NOT NULL, note TEXT NOT NULL, KEY idx_customer (customer))`,
  `CREATE TABLE shop.measures (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, device INT NOT NULL, at BIGINT NOT NULL,
    amount DECIMAL(12,2) NOT NULL, level DOUBLE NOT NULL, total BIGINT NOT NULL)`,
  `CREATE TABLE shop.events (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, kind VARCHAR(20) NOT NULL,
    payload JSON NOT NULL)`,
  `CREATE TABLE shop.files (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL,
    body VARBINARY(4000) NOT NULL)`,
] as const;

const statementBytes = 400_000;
const distinctStatements = 120;

const words =
  `backup tenant archive piece round set restore commit ledger order customer invoice payment shipment address
 of the and to in for on with at by from as is was are been has had not but all when which their more can will`.split(
    /\s+/,
  );

/** Multi-row INSERTs, all different; sent again and again they fill a tenant with rows under new ids. */
export function loadStatements(): readonly string[] {
  return Array.from({ length: distinctStatements }, (_, i) => {
    const [head, row] = rowMakers[i % rowMakers.length]!;
    const rows: string[] = [];
    for (let size = 0; size < statementBytes; size += rows.at(-1)!.length) rows.push(row());
    return `${head} VALUES ${rows.join(',')}`;
  });
}

const below = (limit: number) => Math.floor(Math.random() * limit);
const text = (count: number) => Array.from({ length: count }, () => words[below(words.length)]).join(' ');

const rowMakers: readonly (readonly [string, () => string])[] = [
  [
    'INSERT INTO shop.notes (customer, written_at, note)',
    () => {
      const second = String(below(60)).padStart(2, '0');
      const time = `2024-0${1 + below(9)}-${10 + below(18)} 12:${10 + below(50)}:${second}.${100_000 + below(900_000)}`;
      return `('customer-${below(100_000)}','${time}','${text(20 + below(60))}')`;
    },
  ],
  [
    'INSERT INTO shop.measures (device, at, amount, level, total)',
    () =>
      `(${below(1000)},${1_700_000_000_000 + below(1e9)},${below(1e8) / 100},${Math.random() * 100},${below(2 ** 50)})`,
  ],
  [
    'INSERT INTO shop.events (kind, payload)',
    () => {
      const payload = {
        state: 'open',
        sum: below(1e6) / 100,
        tags: [text(1), text(1)],
        note: text(8),
        ref: below(1e9),
      };
      return `('kind-${below(20)}','${JSON.stringify(payload)}')`;
    },
  ],
  [
    'INSERT INTO shop.files (name, body)',
    () => `('file-${below(1e9)}.bin',x'${randomBytes(500 + below(3000)).toString('hex')}')`,
  ],
];

/** What is loaded by statements; more than this are copies of their rows, which are made ten times as fast. */
const mostStatedBytes = 256e6;

/** Loads rows over two connections until `sizeBytes()` says the tenant is as large as wanted, or by copies will be. */
export async function loadTenant(
  clients: readonly Connection[],
  wantedBytes: number,
  sizeBytes: () => number,
): Promise<void> {
  const [first] = clients;
  if (!first) throw new Error('loading needs a connection');
  await first.query('CREATE DATABASE shop');
  for (const table of tables) await first.query(table);
  const statements = loadStatements();
  let next = 0;
  const feed = async (client: Connection) => {
    while (sizeBytes() < Math.min(wantedBytes, mostStatedBytes))
      await client.query(statements[next++ % statements.length]!);
  };
  await Promise.all(clients.map(feed));
  await multiply(first, wantedBytes / sizeBytes());
}

/** Copies rows until there are `factor` times as many. */
async function multiply(client: Connection, factor: number): Promise<void> {
  await client.query('SET SESSION ob_query_timeout = 3600000000');
  for (let now = 1; factor > now * 1.01; ) {
    const share = Math.min(1, factor / now - 1);
    for (const [table, columns] of copied) {
      const last = Number((await rowsOf(client, `SELECT MAX(id) AS n FROM shop.${table}`))[0]?.['n']);
      const rows = `SELECT ${columns} FROM shop.${table} WHERE id <= ${Math.ceil(last * share)}`;
      await client.query(`INSERT INTO shop.${table} (${columns}) ${rows}`);
    }
    now *= 1 + share;
  }
}

const copied = [
  ['notes', 'customer, written_at, note'],
  ['measures', 'device, at, amount, level, total'],
  ['events', 'kind, payload'],
  ['files', 'name, body'],
] as const;

/** What all rows of a tenant add up to: the same before a backup and after a restore. */
export async function fingerprint(client: Connection): Promise<string> {
  const answers: string[] = [];
  await client.query('SET SESSION ob_query_timeout = 600000000');
  for (const name of ['notes', 'measures', 'events', 'files']) {
    for (const question of [`SELECT COUNT(*) AS n FROM shop.${name}`, `CHECKSUM TABLE shop.${name}`])
      answers.push(JSON.stringify(await rowsOf(client, question)));
  }
  return answers.join('\n');
}
