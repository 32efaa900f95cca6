import { BlockList, isIP } from 'node:net';

/** True when a client address fits the host part of an account: `%` and `_` are wildcards, case does not matter. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === '%' || pattern === '') return true;
  const wanted = pattern.toLowerCase();
  const given = host.toLowerCase();
  if (wanted === given) return true;
  if (wanted === 'localhost') return isLoopback(given);
  const network = /^(\d+(?:\.\d+){3})\/(\d+(?:\.\d+){3})$/.exec(wanted);
  if (network) return isIP(given) === 4 && (number(given) & number(network[2]!)) === number(network[1]!);
  return likeToPattern(wanted).test(given);
}

/** How exact a host pattern is: the most exact account of a user is the one that logs in. */
export function hostRank(pattern: string): number {
  const wildcard = pattern.search(/[%_]/);
  return wildcard < 0 ? Number.MAX_SAFE_INTEGER : wildcard;
}

/**
 * True when a list such as `127.0.0.1,10.0.0.0/8,192.168.%` invites the address: the value of ob_tcp_invited_nodes. Empty
 * items invite nobody.
 */
export function isInvited(list: string, host: string): boolean {
  return list
    .split(',')
    .map((item) => item.trim())
    .some((item) => item !== '' && (item.includes('/') ? inNetwork(item, host) : hostMatches(item, host)));
}

function inNetwork(item: string, host: string): boolean {
  const [base = '', bits = ''] = item.split('/');
  const family = isIP(base);
  if (family === 0 || isIP(host) !== family) return false;
  if (bits.includes('.')) return hostMatches(item, host);
  const prefix = Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 4 ? 32 : 128)) return false;
  const block = new BlockList();
  block.addSubnet(base, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

function number(address: string): number {
  return address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
}

/** MySQL's LIKE with `%`, `_` and backslash as a whole-text expression. */
export function likeToPattern(like: string): RegExp {
  let source = '';
  for (let i = 0; i < like.length; i++) {
    const sign = like[i]!;
    if (sign === '%') source += '[\\s\\S]*';
    else if (sign === '_') source += '[\\s\\S]';
    else {
      const literal = sign === '\\' && i + 1 < like.length ? like[++i]! : sign;
      source += literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    }
  }
  return new RegExp(`^${source}$`, 'iu');
}
