/**
 * What tells of a network namespace whether anything is left in it: its devices, addresses, routes and
 * neighbours, its sockets of all kinds, and the counters of whatever was sent or received, or failed to be.
 * A kernel that lacks one of these lacks what it tells of as well.
 *
 * Not `tcp` and `tcp6`: to list them, the kernel walks a table that is made for all connections of the whole machine, which
 * took more of its time than all the rest. How many of them there are here, those that only wait for their time to pass (`tw`)
 * included, is in `sockstat`, `sockstat6` and `protocols`, and whatever they have sent or received in `snmp` and `netstat`.
 */
const OF_NETWORK = [
  ...['dev', 'dev_mcast', 'if_inet6', 'fib_trie', 'route', 'ipv6_route', 'rt_cache', 'arp'],
  ...['igmp', 'igmp6', 'mcfilter', 'mcfilter6', 'anycast6', 'ip6_flowlabel'],
  ...['sockstat', 'sockstat6'],
  ...['udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6', 'icmp', 'icmp6'],
  ...['packet', 'unix', 'netlink', 'protocols'],
  ...['snmp', 'snmp6', 'netstat', 'xfrm_stat'],
];

/** What a container shares with the one whose network it joins, and can write to. */
const SHARED_FILES = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

export const LOOKED_AT: readonly string[] = [
  ...OF_NETWORK.map((name) => `/proc/net/${name}`),
  ...SHARED_FILES,
];

/** What the helper says when that is all. */
export const END_OF_LOOK = '\0looked\n';
