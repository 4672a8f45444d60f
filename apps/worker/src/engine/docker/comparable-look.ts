/** `TCP  2304  0  89  no …`: name, size, sockets, memory, whether that is scarce. */
const PROTOCOL = /^(\S+\s+\d+\s+\d+)\s+-?\d+\s+(?:NI|no|yes)\s.*$/gm;
/** `TCP: inuse 0 orphan 0 tw 0 alloc 2870 mem 204`, `UDP: inuse 0 mem 0`: what is not of this namespace alone. */
const IN_USE = /^((?:TCP|UDP): inuse \d+)(?: orphan \d+)?( tw \d+)?(?: alloc \d+)? mem \d+$/gm;
/** `eth0:  486  5 …`: eight numbers of what was received, then what was sent. */
const RECEIVED = /^(\s*(?!lo:)[\w.@-]+:)(?:\s+\d+){8}((?:\s+\d+){8})$/gm;
/** `Ip6InReceives  5`. */
const RECEIVED_V6 = /^(?:Ip6|Icmp6)In\w*\s+\d+\n/gm;
/** The head of the table of netlink sockets, and its rows: `00000000058ca192 0   28738 …`. */
const NETLINK = /^(sk\s+Eth\s.*\n)((?:[\da-f]+ .*\n)+)/gm;

/**
 * A look without what is not of those who join: how many sockets, and how much memory for them, all namespaces
 * together have, what a bridge brings to everybody, and the order of netlink sockets, which is that of a hash
 * table of the whole kernel: it changes when sockets of others make it grow.
 * Whoever answers, or asks, sends, and that is counted.
 */
export function comparable(look: string): string {
  return look
    .replace(PROTOCOL, '$1')
    .replace(IN_USE, '$1$2')
    .replace(RECEIVED, '$1$2')
    .replace(RECEIVED_V6, '')
    .replace(NETLINK, (_, head: string, rows: string) => head + sortedLines(rows));
}

function sortedLines(text: string): string {
  return text
    .split(/(?<=\n)/)
    .sort()
    .join('');
}
