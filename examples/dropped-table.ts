import { compareTables } from './first-backup.ts';
import { perform, type RunbookPlace } from './perform.ts';
import { openSqlRunbook } from './sql-runbook.ts';
import { type Client, connect, expectEqual } from './transcript.ts';

const orders = 'SELECT id, customer, amount FROM sales.orders ORDER BY id';

/** A dropped table: its moment is found on a standby rolled on step by step, then the table is brought back and compared. */
export async function droppedTableRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const runbook = openSqlRunbook('dropped-table', scratch);
  const sys = await connect(server.port, 'root@sys');
  await runbook.perform('Before: a tenant with archive and a full backup', [sys]);
  const shop = await connect(server.port, 'root@shop');
  await loadSales(shop);
  await runbook.perform('The nightly backup', [shop]);

  await sell(shop, 2001);
  const sure = await moment(shop);
  const known = await shop.quiet(orders);
  await sell(shop, 3001);
  const before = await moment(shop);
  const lost = await shop.quiet(orders);
  await runbook.perform('The accident', [shop]);
  const after = await moment(shop);
  await runbook.perform('Wait until the archive has passed the moment', [shop], { '2026-11-21 10:05:00': after });

  await runbook.perform('What can be restored, and from which files', [sys], { '2026-11-21 10:00:00': sure });
  const warnings = await runbook.perform('A moment out of reach: the warning says what can be reached', [sys]);
  expectEqual('the warning names a stretch', /^restorable from 20/.test(String(warnings[0]?.['Message'])), true);
  await runbook.perform('Aside, to a moment when the table was surely there', [sys], { '2026-11-21 10:00:00': sure });
  const aside = await connect(server.port, 'root@shop_aside');
  expectEqual('the orders of that moment, row by row', await aside.quiet(orders), known);
  const roll = 'Find the moment: roll the standby on, and look';
  await runbook.perform(roll, [sys], { '2026-11-21 10:01:00': before });
  expectEqual('the last orders before the accident, row by row', await aside.quiet(orders), lost);
  await runbook.perform(roll, [sys], { '2026-11-21 10:01:00': after });
  await runbook.perform('Too far: the table is gone here too', [aside]);
  await aside.close();

  await runbook.perform('Back into the living tenant, under another name', [sys], { '2026-11-21 10:02:00': before });
  expectEqual('nothing was lost', await shop.quiet(orders.replace('orders', 'orders_back')), lost);
  expectEqual('and what came later is there', await shop.quiet('SELECT page FROM sales.visits WHERE id = 1001'), [
    { page: 'life goes on' },
  ]);
  await runbook.perform('Compared: give the table its name', [shop]);

  await runbook.perform('Or the whole tenant as it was just before, to read or to take over', [sys], {
    '2026-11-21 10:02:00': before,
  });
  const past = await connect(server.port, 'root@shop_before');
  expectEqual('the same orders', await past.quiet(orders), lost);
  await shop.quiet("DELETE FROM sales.orders WHERE customer = 'customer-new'");
  await compareTables(past, shop, 'sales.orders', 'id');
  await past.close();
  await runbook.perform('Clear away what was only for looking', [sys]);
  for (const client of [shop, sys]) await client.close();
}

async function loadSales(shop: Client): Promise<void> {
  await shop.run('CREATE DATABASE sales');
  await shop.run(
    'CREATE TABLE sales.orders (id INT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(40) NOT NULL, amount DECIMAL(10,2), KEY by_customer (customer))',
  );
  await shop.run('CREATE TABLE sales.visits (id INT PRIMARY KEY, page VARCHAR(40))');
  await sell(shop, 1);
  await sell(shop, 1001);
}

/** A thousand orders, `first` to `first + 999`. */
async function sell(shop: Client, first: number): Promise<void> {
  const rows = Array.from({ length: 1000 }, (_, i) => `('customer-${(first + i) % 97}', ${(first + i) / 4})`);
  await shop.quiet(`INSERT INTO sales.orders (customer, amount) VALUES ${rows.join(', ')}`);
}

/** The server's time between the statement before and the one after. */
async function moment(client: Client): Promise<string> {
  const [row] = await client.quiet('SELECT NOW(6) AS moment');
  return String(row?.['moment']);
}

if (import.meta.main) await perform(droppedTableRunbook);
