// Sockets: the doors between the stages, and netlink, the way to the kernel's network. Messages to netlink are explained by
// src/explain/subjects/netlink.ts, by what they say.
import type { Call } from '../call.ts';
import type { CallRow } from './row.ts';

const unixPath = (call: Call): string => /sun_path=@?"([^"]*)"/.exec(call.all)?.[1] ?? '';

export const networkCalls: readonly CallRow[] = [
  {
    id: 'socket-netlink',
    calls: ['socket'],
    when: (call) => /AF_NETLINK/.test(call.arg(0)),
    does: (call) =>
      `Opens a socket to the kernel itself (${call.arg(2) || 'netlink'}): requests and answers are messages. It speaks to the network namespace that its maker is in.`,
    now: 'In the namespace that shall be configured: a socket stays with its namespace for ever.',
    without: 'Links, addresses and routes could not be made; `ip` works in the same way.',
    shows: ['NET-1'],
    source: 'man netlink(7)',
  },
  {
    id: 'socket-unix',
    calls: ['socket', 'socketpair'],
    when: (call) => /AF_(UNIX|LOCAL)/.test(call.arg(0)),
    does: (call) =>
      call.name === 'socketpair'
        ? 'Makes two connected sockets: a private line between a process and its child.'
        : 'Makes a socket for programs on this host.',
    now: (call) =>
      call.name === 'socketpair'
        ? 'Before the clone: both ends are inherited, each side closes one.'
        : 'Before bind or connect.',
    without: (call) =>
      call.name === 'socketpair'
        ? call.isRuntimes
          ? 'The two could not take turns, and errors of the child would have no way out.'
          : 'The two would have no line to each other: neither input nor output.'
        : 'The stages could not speak to each other.',
    shows: ['STK-1'],
    source: 'man unix(7)',
  },
  {
    id: 'socket',
    calls: ['socket'],
    does: (call) => `Makes a socket of the family ${call.arg(0)}.`,
    source: 'man socket(2)',
  },
  {
    id: 'bind-unix',
    calls: ['bind'],
    when: (call) => unixPath(call) !== '',
    does: (call) => `Gives the socket the name ${unixPath(call)}: a door that others can connect to.`,
    now: 'Before listen; the mode of the file decides who may connect.',
    without: 'The stage above would find no door.',
    shows: ['STK-1', 'STK-10'],
    source: 'man unix(7)',
  },
  {
    id: 'connect-unix',
    calls: ['connect'],
    when: (call) => unixPath(call) !== '',
    does: (call) => `Connects to the socket ${unixPath(call)}.`,
    now: (call) =>
      unixPath(call).includes('/nscd/')
        ? 'The C library asks the cache of names first, before it looks up a user or a host; where none runs (ENOENT) it looks by itself.'
        : "Before the request. EACCES here is what a user outside the socket's group gets.",
    without: (call) =>
      unixPath(call).includes('/nscd/')
        ? 'Nothing breaks: names are looked up without a cache.'
        : 'The request could not be sent.',
    shows: ['STK-1', 'STK-10'],
    source: 'man unix(7)',
  },
  {
    id: 'bind',
    calls: ['bind'],
    does: 'Gives the socket its own address.',
    source: 'man bind(2)',
  },
  {
    id: 'connect',
    calls: ['connect'],
    does: 'Connects the socket to another address.',
    source: 'man connect(2)',
  },
  {
    id: 'send-descriptor',
    calls: ['sendmsg', 'recvmsg'],
    when: (call) => call.says('SCM_RIGHTS'),
    does: (call) =>
      `${call.name === 'sendmsg' ? 'Sends' : 'Receives'} an open descriptor through a socket: the same open file, in another process.`,
    now: 'For -t: the runtime made the terminal inside the container and hands its master to the shim.',
    without: 'The shim, which stays, would not have the terminal; the runtime, which exits, would take it along.',
    shows: ['CTD-5', 'STK-6'],
    source: 'man unix(7)',
  },
  {
    id: 'turns',
    calls: ['sendto', 'recvfrom', 'sendmsg', 'recvmsg', 'read', 'write'],
    when: (call) => call.process === 'runc' && /socket:\[unix seqpacket\]/.test(call.arg(0)),
    does: (call) =>
      /^(send|write)/.test(call.name)
        ? 'Hands the turn over: runtime and child do the plan by turns, and each message says from which operation on.'
        : 'Waits for its turn: runtime and child do the plan by turns.',
    now: "Where the next operation is the other one's: id maps and cgroups are written from outside, mounts are made from inside.",
    without: 'The child could go on before its ids or limits are there.',
    shows: ['KRN-6'],
    source: 'man unix(7)',
  },
];
