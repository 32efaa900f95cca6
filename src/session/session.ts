import { fault, ObError } from '../base/errors.ts';
import { tenantEngineOf } from '../jobs/tenant-engine-of.ts';
import { maskSecrets } from '../sql/mask-secrets.ts';
import { splitStatements } from '../sql/scan.ts';
import type { EngineSession, Grant } from '../tenants/tenant-engine.ts';
import { type Charset, utf8mb4 } from '../value/charset.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import type { Answer, Call, Client, LoginAttempt, MaybePromise } from './client.ts';
import { Diagnostics } from './diagnostics.ts';
import { authenticate, type Identity } from './login.ts';
import { oracleError } from './oracle-errors.ts';
import type { Runnable } from './runnable.ts';
import type { SessionContext } from './session-context.ts';
import type { SessionHost } from './session-host.ts';
import type { Process } from './session-registry.ts';
import { isOracle, newState, type SessionState, variable, variableNumber } from './session-state.ts';
import { EngineContexts, LiveContext } from './statement-context.ts';
import { ensureSysEngine } from './sys-engine.ts';

/** Everything that understands statements; loaded when the first one comes. */
type Language = typeof import('./language.ts');
let language: Language | null = null;
let loading: Promise<Language> | null = null;

function loadLanguage(): MaybePromise<Language> {
  if (language) return language;
  loading ??= import('./language.ts').then((module) => {
    language = module;
    return module;
  });
  return loading;
}

/** One client's session: login, commands, and what is remembered between two statements. */
export class Session implements SessionContext, Process {
  readonly host: SessionHost;
  readonly client: Client;
  readonly diagnostics = new Diagnostics();
  readonly live: LiveContext;
  readonly contexts: EngineContexts;
  readonly prepared = new Map<string | number, Runnable>();
  command: Process['command'] = 'Sleep';
  sinceUs = 0;
  #state: SessionState | null = null;
  #text: string | null = null;
  #engine: Promise<EngineSession> | null = null;
  #openEngine: EngineSession | null = null;
  #gone = false;
  #loginCharset: Charset = utf8mb4;
  #loginDatabase: string | null = null;

  constructor(host: SessionHost, client: Client) {
    this.host = host;
    this.client = client;
    this.live = new LiveContext(() => this.state, host, this.diagnostics, client.threadId);
    this.contexts = new EngineContexts(() => this.state, host, this.diagnostics, client.threadId);
  }

  get state(): SessionState {
    if (this.#state === null) throw new Error('nobody has logged in');
    return this.#state;
  }

  get openEngine(): EngineSession | null {
    return this.#openEngine;
  }

  // ------------------------------------------------------------ commands of the wire

  async login(attempt: LoginAttempt): Promise<void> {
    await this.#enter(attempt, await authenticate(attempt, this.host.controller, this.host.directory));
    this.host.registry.add(this);
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
    return this.#guard(() => {
      if (!text.includes(';')) return loaded.runText(text, this, { parameters: none, answer, more: false });
      const pieces = splitStatements(text, this.state.scan);
      if (pieces.length === 1) return loaded.runText(pieces[0]!.text, this, { parameters: none, answer, more: false });
      if (!this.client.multiStatements) throw this.#secondStatement(text, pieces[1]!);
      return this.#runAll(loaded, pieces, answer);
    });
  }

  prepare(statementId: number, text: string) {
    this.#begin('Prepare', text);
    return this.#guard(async () => {
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
    return this.#guard(() => this.run(runnable, { parameters, answer, more: false }));
  }

  closeStatement(statementId: number): void {
    this.prepared.delete(statementId);
  }

  fieldList(table: string, wildcard: string): MaybePromise<readonly ResultColumn[]> {
    return this.#withLanguage('Query', `SHOW FIELDS FROM ${table}`, (loaded) =>
      loaded.fieldList(table, wildcard, this),
    );
  }

  initDb(database: string): MaybePromise<void> {
    return this.#withLanguage('Query', `USE ${database}`, (loaded) => loaded.useDatabase(database, this));
  }

  ping(): void {
    this.sinceUs = this.host.controller.clock.nowUs();
  }

  async resetConnection(): Promise<void> {
    await this.leaveEngine();
    const { identity, database } = this.state;
    this.#state = newState(identity, this.#loginCharset);
    if (isOracle(this.#state)) this.#state.database = oracleSchema;
    else if (database === this.#loginDatabase) this.#state.database = database;
    this.#forgetStatements();
    this.showStatus();
  }

  kill(threadId: number): MaybePromise<void> {
    return this.#withLanguage('Query', `KILL ${threadId}`, (loaded) => loaded.killThread(threadId, false, this));
  }

  closed(): void {
    this.#gone = true;
    this.host.registry.remove(this.threadId);
    this.leaveEngine().catch((error: unknown) => {
      this.host.controller.log.error('closing an engine session', { thread: this.threadId, error });
    });
  }

  // ------------------------------------------------------------ what statements use

  async engine(): Promise<EngineSession> {
    this.#engine ??= this.#openSession();
    const opening = this.#engine;
    try {
      const session = await opening;
      if (this.#gone) {
        await session.close();
        throw fault('OB_SESSION_KILLED');
      }
      this.#openEngine = session;
      return session;
    } catch (error) {
      if (this.#engine === opening) this.#engine = null;
      throw error;
    }
  }

  async leaveEngine(): Promise<void> {
    const opening = this.#engine;
    this.#engine = null;
    this.#openEngine = null;
    if (this.#state) {
      this.#state.inTransaction = false;
      this.#state.pendingBegin = null;
    }
    const session = await opening?.catch(() => null);
    session?.interrupt();
    await session?.close();
  }

  understand(text: string): MaybePromise<Runnable> {
    const loaded = loadLanguage();
    if (loaded instanceof Promise) return loaded.then(() => this.understand(text));
    const pieces = splitStatements(text, this.state.scan);
    if (pieces.length > 1) throw this.#secondStatement(text, pieces[1]!);
    return loaded.understand(pieces[0]!.text, this);
  }

  run(runnable: Runnable, call: Call): MaybePromise<void> {
    this.#keepDiagnostics ||= runnable.keepsDiagnostics === true;
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
  get statement(): string | null {
    return this.#text === null ? null : maskSecrets(this.#text.slice(0, longestShown));
  }
  get idleLimitMs(): number {
    return variableNumber(this.state, 'wait_timeout') * 1000;
  }

  interrupt(): void {
    this.#openEngine?.interrupt();
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

  // ------------------------------------------------------------ inside

  #keepDiagnostics = false;

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
    this.client.setMaxAllowedPacket(variableNumber(state, 'max_allowed_packet'));
    this.showStatus();
    this.sinceUs = this.host.controller.clock.nowUs();
  }

  #forgetStatements(): void {
    this.prepared.clear();
    this.diagnostics.clear();
  }

  async #openSession(): Promise<EngineSession> {
    const { controller } = this.host;
    const { tenantId } = this.state.tenant;
    await ensureSysEngine(controller, tenantId);
    const engine = await tenantEngineOf(controller, tenantId);
    return engine.openSession(this.threadId);
  }

  #withLanguage<T>(
    command: Process['command'],
    text: string,
    work: (loaded: Language) => MaybePromise<T>,
  ): MaybePromise<T> {
    const loaded = loadLanguage();
    if (loaded instanceof Promise) return loaded.then(() => this.#withLanguage(command, text, work));
    this.#begin(command, text);
    return this.#guard(() => work(loaded));
  }

  #begin(command: Process['command'], text: string): void {
    const nowUs = this.host.controller.clock.nowUs();
    this.command = command;
    this.sinceUs = nowUs;
    this.#text = text;
    this.#keepDiagnostics = false;
    this.diagnostics.begin();
    const fixed = this.state.variables['timestamp'];
    this.live.nowUs = fixed && fixed !== '0' ? Math.round(Number(fixed) * 1e6) : nowUs;
  }

  #finish(): void {
    this.command = 'Sleep';
    this.#text = null;
    this.sinceUs = this.host.controller.clock.nowUs();
    if (!this.#keepDiagnostics) this.diagnostics.publish();
  }

  /** Runs a command: whatever it throws becomes what this tenant's clients read. */
  #guard<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    try {
      const pending = work();
      if (pending instanceof Promise) {
        return pending.then(
          (value) => {
            this.#finish();
            return value;
          },
          (error: unknown) => {
            throw this.#failed(error);
          },
        );
      }
      this.#finish();
      return pending;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): unknown {
    if (!(error instanceof ObError)) {
      this.#finish();
      return error;
    }
    const told = this.#state && isOracle(this.#state) ? oracleError(error) : error;
    this.#keepDiagnostics = false;
    this.diagnostics.add('Error', told.errno, told.message);
    this.state.rowCount = -1n;
    this.#finish();
    return told;
  }

  async #runAll(loaded: Language, pieces: readonly { readonly text: string }[], answer: Answer): Promise<void> {
    for (const [i, { text }] of pieces.entries()) {
      if (i > 0) {
        if (!this.#keepDiagnostics) this.diagnostics.publish();
        this.#begin('Query', text);
      }
      await loaded.runText(text, this, { parameters: none, answer, more: i < pieces.length - 1 });
    }
  }

  /** 1064 as MySQL tells it of a second statement nobody asked for. */
  #secondStatement(text: string, piece: { readonly start: number }) {
    const near = text.slice(piece.start, piece.start + 80);
    const line = text.slice(0, piece.start).split('\n').length;
    return fault(
      'OB_ERR_PARSE_SQL',
      'You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use',
      near,
      line,
    );
  }
}

/** Schema a session of an Oracle tenant starts in; its views are there. */
const oracleSchema = 'SYS';

const none: readonly Cell[] = Object.freeze([]);

/** Characters of a statement SHOW PROCESSLIST looks at. */
const longestShown = 65_536;
