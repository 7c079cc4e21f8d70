// How a socket's descriptor reads: its family and kind, of netlink sockets their protocol. @source uapi linux/socket.h, linux/netlink.h

const families: Readonly<Record<number, string>> = {
  1: 'unix',
  2: 'inet',
  10: 'inet6',
  16: 'netlink',
  17: 'packet',
  38: 'alg',
  40: 'vsock',
};
const kinds: Readonly<Record<number, string>> = { 1: 'stream', 2: 'dgram', 3: 'raw', 5: 'seqpacket' };
/** @source uapi linux/netlink.h */
const netlinkProtocols: Readonly<Record<number, string>> = {
  0: 'route',
  2: 'usersock',
  4: 'sock_diag',
  5: 'nflog',
  6: 'xfrm',
  9: 'audit',
  10: 'fib_lookup',
  11: 'connector',
  12: 'netfilter',
  15: 'kobject_uevent',
  16: 'generic',
  21: 'crypto',
};

/** `socket:[netlink route]`, `socket:[unix stream]`. */
export function socketName(family: number, type: number, protocol: number): string {
  const kind =
    family === 16 ? (netlinkProtocols[protocol] ?? String(protocol)) : (kinds[type & 0xf] ?? String(type & 0xf));
  return `socket:[${families[family] ?? `family ${family}`} ${kind}]`;
}

/** Of a descriptor that was there when the tracer came: the tracer knows netlink protocols by number. */
export function existingName(name: string): string {
  const protocol = /^socket:\[netlink (\d+)\]$/.exec(name)?.[1];
  return protocol === undefined ? name : socketName(16, 3, Number(protocol));
}
