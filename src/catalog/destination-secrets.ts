import type { Secrets } from './secrets.ts';

/**
 * Destination texts carry an access key. Stored and shown they carry `encrypt_key=<hex>` instead, sealed for the tenant
 * and for the root of that destination, so that a copied text does not open for another tenant or path.
 */
export function hideAccessKey(secrets: Secrets, tenantId: number, destination: string): string {
  return replaceOption(destination, 'access_key', (key, root) => {
    const sealed = secrets.sealText('destination', { tenantId, id: root, field: 'access_key' }, key);
    return `encrypt_key=${sealed}`;
  });
}

/** The way back; throws SecretError when the text was changed or belongs to another tenant. */
export function revealAccessKey(secrets: Secrets, tenantId: number, destination: string): string {
  return replaceOption(destination, 'encrypt_key', (hex, root) => {
    const key = secrets.openText('destination', { tenantId, id: root, field: 'access_key' }, hex);
    return `access_key=${key}`;
  });
}

/** For logs: neither key nor cipher text. */
export function maskAccessKey(destination: string): string {
  return destination.replace(/\b(access_key|encrypt_key|secret_key|security_token)=[^&\s,]*/gi, '$1=***');
}

function replaceOption(destination: string, name: string, replace: (value: string, root: string) => string): string {
  const mark = destination.indexOf('?');
  if (mark < 0) return destination;
  const root = destination.slice(0, mark).replace(/\/+$/, '');
  const options = destination.slice(mark + 1).split('&');
  const replaced = options.map((option) =>
    option.toLowerCase().startsWith(`${name}=`) ? replace(option.slice(name.length + 1), root) : option,
  );
  return `${destination.slice(0, mark)}?${replaced.join('&')}`;
}
