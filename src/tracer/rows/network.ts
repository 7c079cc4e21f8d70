// Calls on sockets.
import { addressIn, addressOut } from '../decode/addresses.ts';
import { fd, int, oneOf, pointer, unsignedInt, unsignedLong } from '../decode/arguments.ts';
import {
  acceptFlags,
  descriptorPair,
  getOptionArguments,
  getOptionVariants,
  lengthOut,
  messageFlag,
  messageIn,
  messageOut,
  receivedData,
  sentData,
  setOptionArguments,
  setOptionVariants,
  socketProtocol,
  socketType,
} from '../decode/socket.ts';
import { addressFamilies, shutdownWays } from '../flags/socket.ts';
import { row, type SyscallRow } from '../syscall.ts';

const domain = oneOf(addressFamilies);

export const networkRows = {
  socket: row({
    x64: 41,
    arm64: 198,
    args: { domain, type: socketType, protocol: socketProtocol },
    result: 'fd',
    source: 'man socket(2)',
  }),
  socketpair: row({
    x64: 53,
    arm64: 199,
    args: { domain, type: socketType, protocol: socketProtocol, sv: descriptorPair },
    source: 'man socketpair(2)',
  }),
  bind: row({
    x64: 49,
    arm64: 200,
    args: { sockfd: fd, addr: addressIn(2), addrlen: unsignedInt },
    source: 'man bind(2)',
  }),
  connect: row({
    x64: 42,
    arm64: 203,
    args: { sockfd: fd, addr: addressIn(2), addrlen: unsignedInt },
    source: 'man connect(2)',
  }),
  listen: row({ x64: 50, arm64: 201, args: { sockfd: fd, backlog: int }, source: 'man listen(2)' }),
  accept: row({
    x64: 43,
    arm64: 202,
    args: { sockfd: fd, addr: addressOut(2), addrlen: lengthOut },
    result: 'fd',
    source: 'man accept(2)',
  }),
  accept4: row({
    x64: 288,
    arm64: 242,
    args: { sockfd: fd, addr: addressOut(2), addrlen: lengthOut, flags: acceptFlags },
    result: 'fd',
    source: 'man accept(2)',
  }),
  getsockname: row({
    x64: 51,
    arm64: 204,
    args: { sockfd: fd, addr: addressOut(2), addrlen: lengthOut },
    source: 'man getsockname(2)',
  }),
  getpeername: row({
    x64: 52,
    arm64: 205,
    args: { sockfd: fd, addr: addressOut(2), addrlen: lengthOut },
    source: 'man getpeername(2)',
  }),
  sendto: row({
    x64: 44,
    arm64: 206,
    args: {
      sockfd: fd,
      buf: sentData,
      len: unsignedLong,
      flags: messageFlag,
      dest_addr: addressIn(5),
      addrlen: unsignedInt,
    },
    source: 'man send(2)',
  }),
  recvfrom: row({
    x64: 45,
    arm64: 207,
    args: {
      sockfd: fd,
      buf: receivedData,
      len: unsignedLong,
      flags: messageFlag,
      src_addr: addressOut(5),
      addrlen: lengthOut,
    },
    source: 'man recv(2)',
  }),
  sendmsg: row({
    x64: 46,
    arm64: 211,
    args: { sockfd: fd, msg: messageIn, flags: messageFlag },
    source: 'man send(2)',
  }),
  recvmsg: row({
    x64: 47,
    arm64: 212,
    args: { sockfd: fd, msg: messageOut, flags: messageFlag },
    source: 'man recv(2)',
  }),
  sendmmsg: row({
    x64: 307,
    arm64: 269,
    args: { sockfd: fd, msgvec: pointer, vlen: unsignedInt, flags: messageFlag },
    source: 'man sendmmsg(2)',
  }),
  recvmmsg: row({
    x64: 299,
    arm64: 243,
    args: { sockfd: fd, msgvec: pointer, vlen: unsignedInt, flags: messageFlag, timeout: pointer },
    source: 'man recvmmsg(2)',
  }),
  shutdown: row({ x64: 48, arm64: 210, args: { sockfd: fd, how: oneOf(shutdownWays) }, source: 'man shutdown(2)' }),
  setsockopt: row({
    x64: 54,
    arm64: 208,
    args: setOptionArguments,
    variants: setOptionVariants,
    source: 'man setsockopt(2)',
  }),
  getsockopt: row({
    x64: 55,
    arm64: 209,
    args: getOptionArguments,
    variants: getOptionVariants,
    source: 'man getsockopt(2)',
  }),
} satisfies Record<string, SyscallRow>;
