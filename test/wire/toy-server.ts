import { faultText } from '../../src/base/errors.ts';
import type { WireLimits } from '../../src/base/limits.ts';
import { createLog, type Log } from '../../src/base/log.ts';
import { charsetByName } from '../../src/value/charset.ts';
import type { Cell, ResultColumn } from '../../src/value/column-type.ts';
import { RowEncoder } from '../../src/value/encode-row.ts';
import { accessDenied, hashPassword } from '../../src/wire/auth.ts';
import type {
  ClientConnection,
  CommandHandler,
  LoginRequest,
  PreparedStatement,
  ResultWriter,
} from '../../src/wire/command-handler.ts';
import { type Listener, listen, type TlsFiles } from '../../src/wire/listener.ts';

export interface Table {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface ToyServer extends AsyncDisposable {
  readonly listener: Listener;
  readonly port: number;
  readonly handlers: ToyHandler[];
  readonly logged: string[];
  readonly tables: Map<string, Table>;
}

export interface ToyOptions {
  readonly limits?: Partial<WireLimits>;
  readonly tls?: TlsFiles;
  readonly log?: Log;
}

/** A wire server whose "SQL" is the names of tables and a few words; accounts are root/secret and nobody without. */
export async function startToy(options: ToyOptions = {}): Promise<ToyServer> {
  const handlers: ToyHandler[] = [];
  const logged: string[] = [];
  const tables = new Map<string, Table>();
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    log: options.log ?? createLog((line) => logged.push(line)),
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.tls ? { tls: options.tls } : {}),
    createHandler(connection) {
      const handler = new ToyHandler(connection, tables);
      handlers.push(handler);
      return handler;
    },
  });
  const close = () => listener.close();
  return { listener, port: listener.port, handlers, logged, tables, [Symbol.asyncDispose]: close };
}

export function column(label: string, type: ResultColumn['type'], more: Partial<ResultColumn> = {}): ResultColumn {
  return { label, type, schema: 'oceanbase', table: 't', orgTable: 't', orgName: label, ...more };
}

const hashes: Readonly<Record<string, string>> = { root: hashPassword('secret'), nobody: '', other: hashPassword('2') };

export class ToyHandler implements CommandHandler {
  readonly connection: ClientConnection;
  readonly calls: string[] = [];
  readonly statements = new Map<number, string>();
  lastParameters: readonly Cell[] = [];
  lastLogin: LoginRequest | null = null;
  user = '';
  database: string | null = null;
  closedTimes = 0;
  /** How often the client was slower than the rows. */
  waits = 0;
  /** Resolved by the test to let a `wait` query go on. */
  gate: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #tables: Map<string, Table>;
  readonly #encoder = new RowEncoder();

  constructor(connection: ClientConnection, tables: Map<string, Table>) {
    this.connection = connection;
    this.#tables = tables;
  }

  login(request: LoginRequest): void {
    this.calls.push('login');
    this.#admit(request);
  }

  async changeUser(request: LoginRequest): Promise<void> {
    this.calls.push('changeUser');
    this.#admit(request);
  }

  async query(text: string, out: ResultWriter): Promise<void> {
    this.calls.push(`query ${text.slice(0, 60)}`);
    const parts = this.connection.multiStatements ? text.split(';').map((part) => part.trim()) : [text.trim()];
    for (const [i, part] of parts.entries()) await this.#one(part, out, i < parts.length - 1);
  }

  prepare(statementId: number, text: string): PreparedStatement {
    this.calls.push(`prepare ${text}`);
    this.statements.set(statementId, text);
    const name = text.replace(/^select \* from (\w+).*$/i, '$1');
    return { parameterCount: text.split('?').length - 1, columns: this.#tables.get(name)?.columns ?? [] };
  }

  async execute(statementId: number, parameters: readonly Cell[], out: ResultWriter): Promise<void> {
    this.calls.push('execute');
    this.lastParameters = parameters;
    await this.#one(this.statements.get(statementId)!, out, false);
  }

  closeStatement(statementId: number): void {
    this.calls.push('closeStatement');
    this.statements.delete(statementId);
  }

  fieldList(table: string, wildcard: string): readonly ResultColumn[] {
    this.calls.push(`fieldList ${table} ${wildcard}`);
    return this.#table(table).columns;
  }

  initDb(database: string): void {
    this.calls.push(`initDb ${database}`);
    if (database === 'missing') throw faultText('OB_ERR_BAD_DATABASE', "Unknown database 'missing'");
    this.database = database;
  }

  ping(): void {
    this.calls.push('ping');
  }

  resetConnection(): void {
    this.calls.push('resetConnection');
  }

  kill(threadId: number): void {
    this.calls.push(`kill ${threadId}`);
  }

  closed(): void {
    this.closedTimes++;
    this.gate.resolve();
  }

  #admit(request: LoginRequest): void {
    this.lastLogin = request;
    const user = request.user.split('@')[0]!;
    const hash = hashes[user];
    if (hash === undefined || !request.verify(hash)) throw accessDenied(user, request.host, request.usingPassword);
    this.user = request.user;
    this.database = request.database;
  }

  async #one(text: string, out: ResultWriter, more: boolean): Promise<void> {
    const set = /^set names (\w+)$/i.exec(text);
    if (set) {
      this.connection.setCharset(charsetByName(set[1]!), charsetByName(set[1]!));
      out.ok({ more });
    } else if (/^set autocommit = [01]$/i.test(text)) {
      this.connection.setStatus(text.endsWith('1'), false);
      out.ok({ more });
    } else if (text.startsWith('begin')) {
      this.connection.setStatus(true, true);
      out.ok({ more });
    } else if (text === 'wait') {
      await this.gate.promise;
      out.ok({ more });
    } else if (text === 'bug') {
      throw new TypeError('a bug of the server');
    } else if (text === 'no answer') {
      return;
    } else if (text === 'fail midway') {
      out.rows([column('a', { name: 'int' })]);
      throw faultText('OB_TIMEOUT', 'Timeout');
    } else if (/^(insert|update|\/\*|$)/i.test(text)) {
      out.ok({ affectedRows: 3, insertId: 9007199254740993n, warnings: 2, info: 'Rows matched: 3', more });
    } else {
      await this.#send(this.#table(text.replace(/^select \* from (\w+).*$/is, '$1')), out, more);
    }
  }

  #table(name: string): Table {
    const found = this.#tables.get(name);
    if (found) return found;
    if (/^select\b/i.test(name)) return echoTable(name);
    throw faultText('OB_ERR_PARSE_SQL', `You have an error in your SQL syntax near '${name.slice(0, 80)}'`);
  }

  async #send({ columns, rows }: Table, out: ResultWriter, more: boolean): Promise<void> {
    const encoder = this.#encoder;
    const take = async () => {
      for (let batch = encoder.finish(); batch !== null; batch = encoder.finish()) {
        const slow = out.batch(batch);
        if (slow) this.waits++;
        await slow;
      }
    };
    out.rows(columns);
    encoder.begin(columns, out.format, out.charset);
    for (const row of rows) {
      encoder.add(row);
      if (encoder.full) await take();
    }
    await take();
    out.end({ more });
  }
}

/** `select …` of anything else: one row with the text behind the word. */
function echoTable(text: string): Table {
  return { columns: [column('echo', { name: 'longtext' })], rows: [[text.slice(7)]] };
}
