import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { S3Refusal } from './s3-refusal.ts';
import { verifyV4 } from './s3-signature.ts';

interface TlsOptions {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
}

/** Keys of a role as a store gets to know them. */
export interface TemporaryKeys {
  readonly accessId: string;
  readonly accessKey: string;
  readonly token: string;
  readonly endsMs: number;
}

/** Who may ask for roles. */
export const stsCaller = Object.freeze({ accessId: 'AKIASERVER', accessKey: 'server/own+key' });

/**
 * A strict token service on loopback, in Amazon's dialect and in Alibaba Cloud's: checks signature, version, role and external id, and
 * hands out keys that end. What it gave lies in `given`, which stores look into.
 */
export class StsDouble {
  readonly given = new Map<string, TemporaryKeys>();
  /** External id by role, null for a role without one. */
  readonly roles = new Map<string, string | null>();
  /** Codes of what was asked, `''` for success. */
  readonly answers: string[] = [];
  /** How long the next keys hold. */
  lastsMs = 3_600_000;
  /** What those who ask must show beside their own keys, `''` when these are lasting ones. */
  callerToken = '';
  /** Answered instead; `'silence'` answers nothing at all. */
  trouble: 'silence' | { readonly status: number; readonly code: string } | null = null;
  readonly region: string;
  readonly #server: Server;
  #port = 0;

  private constructor(region: string, tls: TlsOptions | undefined) {
    this.region = region;
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#server = tls ? createTlsServer(tls, serve) : createServer(serve);
  }

  /** Speaks TLS with this key and certificate. */
  static async start(region = 'us-east-1', tls?: TlsOptions): Promise<StsDouble> {
    const double = new StsDouble(region, tls);
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    double.#port = (double.#server.address() as AddressInfo).port;
    return double;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (this.trouble === 'silence') return;
    const body = Buffer.concat(chunks).toString();
    const form = new URLSearchParams(body);
    const amazon = request.headers.authorization !== undefined;
    try {
      if (this.trouble !== null) throw new S3Refusal(this.trouble.status, this.trouble.code);
      if (request.method !== 'POST' || request.url !== '/') throw new S3Refusal(404, 'InvalidAction');
      if (amazon) this.#checkAmazon(request, body);
      else checkAliyun(form, this.callerToken);
      const keys = this.#give(form, amazon);
      this.answers.push('');
      response.setHeader('content-type', amazon ? 'text/xml' : 'application/json');
      response.end(amazon ? amazonAnswer(keys) : aliyunAnswer(keys));
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      this.answers.push(error.code);
      response.statusCode = error.status;
      // What a service says may repeat what it was sent.
      const said = `refused: ${body}`;
      response.end(
        amazon
          ? `<ErrorResponse><Error><Type>Sender</Type><Code>${error.code}</Code><Message>${said}</Message></Error></ErrorResponse>`
          : JSON.stringify({ Code: error.code, Message: said, RequestId: randomUUID() }),
      );
    }
  }

  #checkAmazon(request: IncomingMessage, body: string): void {
    const accounts = {
      keys: this.callerToken === '' ? { [stsCaller.accessId]: stsCaller.accessKey } : {},
      temporary: new Map(
        this.callerToken === ''
          ? []
          : [[stsCaller.accessId, { ...stsCaller, token: this.callerToken, endsMs: Number.MAX_VALUE }]],
      ),
      region: this.region,
      nowMs: () => Date.now(),
    };
    verifyV4(request, accounts, { service: 'sts', payloadHash: createHash('sha256').update(body).digest('hex') });
  }

  #give(form: URLSearchParams, amazon: boolean): TemporaryKeys {
    if (form.get('Action') !== 'AssumeRole' || form.get('Version') !== (amazon ? '2011-06-15' : '2015-04-01'))
      throw new S3Refusal(400, 'InvalidAction');
    const seconds = Number(form.get('DurationSeconds'));
    if (!(seconds >= 900 && seconds <= 3_600)) throw new S3Refusal(400, 'ValidationError');
    if (!/^[\w+=,.@-]{2,64}$/.test(form.get('RoleSessionName') ?? '')) throw new S3Refusal(400, 'ValidationError');
    const externalId = this.roles.get(form.get('RoleArn') ?? '');
    const refused = amazon ? 'AccessDenied' : 'NoPermission';
    if (externalId === undefined) throw new S3Refusal(amazon ? 403 : 404, amazon ? refused : 'EntityNotExist.Role');
    if (externalId !== form.get('ExternalId')) throw new S3Refusal(403, refused);
    const no = this.given.size + 1;
    const keys = {
      accessId: `${amazon ? 'ASIA' : 'STS.'}ROLE${no}`,
      accessKey: `role/secret+${no}-${randomUUID()}`,
      token: `token/${no}+${randomUUID()}==`,
      // Services tell whole seconds.
      endsMs: Math.floor((Date.now() + this.lastsMs) / 1_000) * 1_000,
    };
    this.given.set(keys.accessId, keys);
    return keys;
  }
}

/** The signature as Alibaba Cloud's RPC has it: over all other fields, each encoded, sorted, and encoded once more. */
function checkAliyun(form: URLSearchParams, callerToken: string): void {
  if ((form.get('SecurityToken') ?? '') !== callerToken) throw new S3Refusal(403, 'InvalidSecurityToken.Malformed');
  if (form.get('AccessKeyId') !== stsCaller.accessId) throw new S3Refusal(404, 'InvalidAccessKeyId.NotFound');
  if (form.get('SignatureMethod') !== 'HMAC-SHA1' || form.get('SignatureVersion') !== '1.0')
    throw new S3Refusal(400, 'UnsupportedSignatureMethod');
  const stamp = form.get('Timestamp') ?? '';
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(stamp)) throw new S3Refusal(400, 'InvalidTimeStamp.Format');
  if (Math.abs(Date.parse(stamp) - Date.now()) > 15 * 60_000) throw new S3Refusal(400, 'InvalidTimeStamp.Expired');
  if ((form.get('SignatureNonce') ?? '').length < 8) throw new S3Refusal(400, 'SignatureNonceUsed');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const fields = [...form].filter(([name]) => name !== 'Signature').sort(([a], [b]) => (a < b ? -1 : 1));
  const canonical = fields.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const wanted = createHmac('sha1', `${stsCaller.accessKey}&`)
    .update(`POST&%2F&${encode(canonical)}`)
    .digest('base64');
  if (form.get('Signature') !== wanted) throw new S3Refusal(400, 'SignatureDoesNotMatch');
}

const ends = ({ endsMs }: TemporaryKeys) => new Date(endsMs).toISOString().replace('.000', '');

function amazonAnswer(keys: TemporaryKeys): string {
  const { accessId, accessKey, token } = keys;
  return (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>' +
    '<Arn>arn:aws:sts::1:assumed-role/backup/obvault</Arn></AssumedRoleUser><Credentials>' +
    `<AccessKeyId>${accessId}</AccessKeyId><SecretAccessKey>${accessKey}</SecretAccessKey>` +
    `<SessionToken>${token}</SessionToken><Expiration>${ends(keys)}</Expiration></Credentials>` +
    '</AssumeRoleResult></AssumeRoleResponse>'
  );
}

function aliyunAnswer(keys: TemporaryKeys): string {
  return JSON.stringify({
    RequestId: randomUUID(),
    AssumedRoleUser: { Arn: 'acs:ram::1:role/backup/obvault', AssumedRoleId: '1:obvault' },
    Credentials: {
      AccessKeyId: keys.accessId,
      AccessKeySecret: keys.accessKey,
      SecurityToken: keys.token,
      Expiration: ends(keys),
    },
  });
}
