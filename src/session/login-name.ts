/**
 * Who a login name names. A client writes `user@tenant#cluster`, `user@tenant`, `cluster:tenant:user` or plain `user`,
 * which means the system tenant.
 */
export interface LoginName {
  readonly user: string;
  readonly tenant: string;
  /** Null when the name did not say. */
  readonly cluster: string | null;
}

export function parseLoginName(text: string): LoginName {
  const at = text.lastIndexOf('@');
  if (at >= 0) {
    const rest = text.slice(at + 1);
    const hash = rest.indexOf('#');
    return hash >= 0
      ? { user: text.slice(0, at), tenant: rest.slice(0, hash), cluster: rest.slice(hash + 1) }
      : { user: text.slice(0, at), tenant: rest, cluster: null };
  }
  const parts = text.split(':');
  if (parts.length === 3) return { cluster: parts[0] ?? '', tenant: parts[1] ?? '', user: parts[2] ?? '' };
  return { user: text, tenant: 'sys', cluster: null };
}
