import { expect, test } from 'vitest';
import { comparable } from './comparable-look.ts';

const UNIX = 'Num       RefCount Protocol Flags    Type St Inode Path\n';
const NETLINK =
  'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n';
const KERNEL =
  '00000000ef5120b7 4   0          00000000 0        0        0     2        0        13131523\n';
const ROUTE =
  '00000000240c9717 0   0          00000000 0        0        0     2        0        13131517\n';
const JOBS =
  '00000000dfeb4e56 0   30036      00000000 0        0        0     2        0        13136443\n';
const PROTOCOLS = 'protocol  size sockets  memory press maxhdr  slab module     cl co\n';

const look = (...sockets: string[]) =>
  [UNIX, NETLINK, ...sockets, PROTOCOLS, '\0looked\n'].join('');

test('the order of netlink sockets, which sockets of others change, makes no difference', () => {
  expect(comparable(look(ROUTE, KERNEL))).toBe(comparable(look(KERNEL, ROUTE)));
});

test('a netlink socket more, or less, does', () => {
  const made = comparable(look(ROUTE, KERNEL));
  expect(comparable(look(ROUTE, JOBS, KERNEL))).not.toBe(made);
  expect(comparable(look(ROUTE))).not.toBe(made);
  expect(comparable(look(ROUTE, ROUTE, KERNEL))).not.toBe(made);
});

test('memory that all namespaces have for sockets makes no difference, a socket does', () => {
  const tcp = (sockets: number, memory: number) =>
    comparable(
      `TCP       2304      ${sockets}      ${memory}   no      224   yes  kernel      y  y\n`,
    );
  expect(tcp(0, 89)).toBe(tcp(0, 5));
  expect(tcp(1, 89)).not.toBe(tcp(0, 89));
});

test('connections of other namespaces make no difference, one that is used or waits for its end does', () => {
  const tcp = (used: number, waiting: number, others: number) =>
    comparable(
      `TCP: inuse ${used} orphan ${others} tw ${waiting} alloc ${others} mem ${others}\nUDP: inuse 0 mem ${others}\n`,
    );
  expect(tcp(0, 0, 5)).toBe(tcp(0, 0, 7));
  expect(tcp(1, 0, 5)).not.toBe(tcp(0, 0, 5));
  expect(tcp(0, 1, 5)).not.toBe(tcp(0, 0, 5));
});

test('what a bridge brings makes no difference, what is sent does, and all of the loopback', () => {
  const row = (device: string, received: number, sent: number) =>
    comparable(`  ${device}: ${received} 5 0 0 0 0 0 0 ${sent} 2 0 0 0 0 0 0\n`);
  expect(row('eth0', 486, 0)).toBe(row('eth0', 9, 0));
  expect(row('eth0', 486, 1)).not.toBe(row('eth0', 486, 0));
  expect(row('lo', 100, 0)).not.toBe(row('lo', 0, 0));
});
