import { fault, type ObError } from '../base/errors.ts';
import { splitStatements } from '../sql/scan.ts';
import type { EngineSession } from '../tenants/engine-session.ts';
import type { Grant } from '../tenants/tenant-account.ts';
import { type Charset, utf8mb4 } from '../value/charset.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import type { Answer, Call, Client, LoginAttempt, MaybePromise } from './client.ts';
import { CommandRun } from './command-run.ts';
import { Diagnostics } from './diagnostics.ts';
import { EngineSeat } from './engine-seat.ts';
import { type Language, loadLanguage } from './load-language.ts';
import { authenticate, type Identity } from './login.ts';
import { oracleError } from './oracle-errors.ts';
import type { Runnable } from './runnable.ts';
import type { SessionContext } from './session-context.ts';
import type { SessionHost } from './session-host.ts';
import type { Process } from './session-registry.ts';
import { idleLimitMsOf, isOracle, newState, type SessionState, variable, variableNumber } from './session-state.ts';
import { EngineContexts, LiveContext } from './statement-context.ts';
import { syntaxErrorAt } from './syntax-error.ts';

/** One client's session: login, commands, and what is remembered between two statements. */
export class Session implements SessionContext, Process {
  readonly host: SessionHost;
  readonly client: Client;
  readonly diagnostics = new Diagnostics();
  readonly live: LiveContext;
  readonly contexts: EngineContexts;
  readonly prepared = new Map<string | number, Runnable>();
  #state: SessionState | null = null;
  readonly #run: CommandRun;
  readonly #seat: EngineSeat;
  #loginCharset: Charset = utf8mb4;
  #loginDatabase: string | null = null;

  constructor(host: SessionHost, client: Client) {
    this.host = host;
    this.client = client;
    this.#seat = new EngineSeat(host, client.threadId);
    this.#run = new CommandRun(host.controller.clock, this.diagnostics, (error) => this.#told(error));
    this.live = new LiveContext(() => this.state, host, this.diagnostics, client.threadId);
    this.contexts = new EngineContexts(() => this.state, host, this.diagnostics, client.threadId);
  }

  get state(): SessionState {
    if (this.#state === null) throw new Error('nobody has logged in');
    return this.#state;
  }

  get openEngine(): EngineSession | null {
    return this.#seat.current;
  }

  // ------------------------------------------------------------ commands of the wire

  async login(attempt: LoginAttempt): Promise<void> {
    await this.#enter(attempt, await authenticate(attempt, this.host.controller, this.host.directory));
    if (!this.client.signal.aborted) this.host.registry.add(this);
  }

  async changeUser(attempt: LoginAttempt): Promise<void> {
    const identity = await authenticate(attempt, this.host.controller, this.host.directory);
    await this.leaveEngine();
    await this.#enter(attempt, identity);
  }

  query(text: string, answer: Answer): MaybePromise<void> {
    const loaded = loadLanguage();
    if (loaded instanceof Promise) return loaded.then(() => this.query(text, answer));
    this.#begin('Query', text);
    return this.#run.run(() => {
      if (!text.includes(';')) return loaded.runText(text, this, { parameters: none, answer, more: false });
      const pieces = splitStatements(text, this.state.scan);
      if (pieces.length === 1) return loaded.runText(pieces[0]!.text, this, { parameters: none, answer, more: false });
      if (!this.client.multiStatements) throw syntaxErrorAt(text, pieces[1]!.start);
      return this.#runAll(loaded, pieces, answer);
    });
  }

  prepare(statementId: number, text: string) {
    this.#begin('Prepare', text);
    return this.#run.run(async () => {
      const runnable = await this.understand(text);
      const columns = await runnable.columns(this);
      this.prepared.set(statementId, runnable);
      return { parameterCount: runnable.parameterCount, columns };
    }) as Promise<{ parameterCount: number; columns: readonly ResultColumn[] }>;
  }

  execute(statementId: number, parameters: readonly Cell[], answer: Answer): MaybePromise<void> {
    const runnable = this.prepared.get(statementId);
    if (!runnable) throw fault('ER_UNKNOWN_STMT_HANDLER', statementId, 'mysqld_stmt_execute');
    this.#begin('Execute', '');
    return this.#run.run(() => this.run(runnable, { parameters, answer, more: false }));
  }

  closeStatement(statementId: number): void {
    this.prepared.delete(statementId);
  }

  fieldList(table: string, wildcard: string): MaybePromise<readonly ResultColumn[]> {
    const text = `SHOW FIELDS FROM ${table}`;
    return this.#withLanguage('Query', text, (loaded) => loaded.fieldList(table, wildcard, this));
  }

  initDb(database: string): MaybePromise<void> {
    return this.#withLanguage('Query', `USE ${database}`, (loaded) => loaded.useDatabase(database, this));
  }

  ping(): void {
    this.#run.touch();
  }

  async resetConnection(): Promise<void> {
    await this.leaveEngine();
    const { identity, database } = this.state;
    this.#state = newState(identity, this.#loginCharset);
    if (isOracle(this.#state)) this.#state.database = oracleSchema;
    else if (database === this.#loginDatabase) this.#state.database = database;
    this.#forgetStatements();
    this.#tellClient();
  }

  kill(threadId: number): MaybePromise<void> {
    return this.#withLanguage('Query', `KILL ${threadId}`, (loaded) => loaded.killThread(threadId, false, this));
  }

  closed(): void {
    this.host.registry.remove(this.threadId);
    this.#seat.close().catch((error: unknown) => {
      this.host.controller.log.error('closing an engine session', { thread: this.threadId, error });
    });
  }

  // ------------------------------------------------------------ what statements use

  engine(): Promise<EngineSession> {
    return this.#seat.take(this.state.tenant.tenantId);
  }

  leaveEngine(): Promise<void> {
    if (this.#state) {
      Object.assign(this.#state, { inTransaction: false, pendingBegin: null, mustRollBack: false });
      this.showStatus();
    }
    return this.#seat.leave();
  }

  understand(text: string): MaybePromise<Runnable> {
    const loaded = loadLanguage();
    if (loaded instanceof Promise) return loaded.then(() => this.understand(text));
    const pieces = splitStatements(text, this.state.scan);
    if (pieces.length > 1) throw syntaxErrorAt(text, pieces[1]!.start);
    return loaded.understand(pieces[0]!.text, this);
  }

  run(runnable: Runnable, call: Call): MaybePromise<void> {
    if (runnable.keepsDiagnostics) this.#run.keepsDiagnostics = true;
    return runnable.run(this, call);
  }

  showStatus(): void {
    const { state } = this;
    this.client.setStatus(variable(state, 'autocommit') === 'ON', state.inTransaction);
  }

  // ------------------------------------------------------------ as the others see it

  get threadId(): number {
    return this.client.threadId;
  }
  get user(): string {
    return this.state.identity.account.user;
  }
  get tenantId(): number {
    return this.state.identity.tenant.tenantId;
  }
  get tenantName(): string {
    return this.state.identity.tenant.tenantName;
  }
  get peer(): string {
    return `${this.client.host}:${this.client.port}`;
  }
  get database(): string | null {
    return this.state.database;
  }
  get command(): Process['command'] {
    return this.#run.command;
  }
  get sinceUs(): number {
    return this.#run.sinceUs;
  }
  get statement(): string | null {
    return this.#run.statement;
  }
  get idleLimitMs(): number {
    return idleLimitMsOf(this.state);
  }

  interrupt(): void {
    this.live.slumber?.wake();
    this.live.killed?.abort(fault('OB_ERR_QUERY_INTERRUPTED'));
    this.#seat.interrupt();
  }

  turnOut(): void {
    this.host.registry.remove(this.threadId);
    this.interrupt();
    this.client.disconnect(fault('OB_ERR_QUERY_INTERRUPTED'));
  }

  expire(): void {
    this.host.registry.remove(this.threadId);
    this.client.disconnect();
  }

  refreshGrants(find: (user: string, host: string) => readonly Grant[] | null): void {
    const { state } = this;
    state.grants = find(state.identity.account.user, state.identity.account.host) ?? [];
    state.version++;
  }

  async #enter(attempt: LoginAttempt, identity: Identity): Promise<void> {
    const before = this.#state;
    const state = newState(identity, attempt.charset);
    this.#state = state;
    try {
      if (isOracle(state)) state.database = oracleSchema;
      if (attempt.database) {
        const { useDatabase } = await loadLanguage();
        this.live.nowUs = this.host.controller.clock.nowUs();
        await useDatabase(attempt.database, this);
      }
    } catch (error) {
      await this.leaveEngine();
      this.#state = before;
      throw error;
    }
    this.#loginCharset = attempt.charset;
    this.#loginDatabase = state.database;
    this.#forgetStatements();
    this.#tellClient();
    this.#run.touch();
  }

  #tellClient(): void {
    this.client.setMaxAllowedPacket(variableNumber(this.state, 'max_allowed_packet'));
    this.client.setWriteTimeout(variableNumber(this.state, 'net_write_timeout') * 1000);
    this.showStatus();
  }

  #forgetStatements(): void {
    this.prepared.clear();
    this.diagnostics.clear();
  }

  #withLanguage<T>(
    command: Process['command'],
    text: string,
    work: (loaded: Language) => MaybePromise<T>,
  ): MaybePromise<T> {
    const loaded = loadLanguage();
    if (loaded instanceof Promise) return loaded.then(() => this.#withLanguage(command, text, work));
    this.#begin(command, text);
    return this.#run.run(() => work(loaded));
  }

  /** What the tenant's clients read of an error. */
  #told(error: ObError): ObError {
    if (this.#state === null) return error;
    this.#state.rowCount = -1n;
    return isOracle(this.#state) ? oracleError(error) : error;
  }

  #begin(command: Process['command'], text: string): void {
    const nowUs = this.#run.begin(command, text);
    const fixed = this.state.variables['timestamp'];
    this.live.nowUs = fixed && fixed !== '0' ? Math.round(Number(fixed) * 1e6) : nowUs;
  }

  async #runAll(loaded: Language, pieces: readonly { readonly text: string }[], answer: Answer): Promise<void> {
    for (const [i, { text }] of pieces.entries()) {
      if (i > 0) {
        this.#run.next();
        this.#begin('Query', text);
      }
      await loaded.runText(text, this, { parameters: none, answer, more: i < pieces.length - 1 });
      await answer.sent();
      if (i % statementsPerTurn === statementsPerTurn - 1) await new Promise(setImmediate);
    }
  }
}

/** Of one text; then others have their turn. */
const statementsPerTurn = 32;
/** Where a session of an Oracle tenant starts. */
const oracleSchema = 'SYS';

const none: readonly Cell[] = Object.freeze([]);
