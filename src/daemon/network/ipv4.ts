// IPv4 arithmetic on unsigned 32-bit numbers: addresses, networks in CIDR form, overlap.
import { isIPv4 } from 'node:net';

export interface Cidr {
  /** The address as it was written; not necessarily the network's first. */
  address: number;
  prefixLength: number;
}

export const parseAddress = (text: string): number | undefined =>
  isIPv4(text) ? text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) : undefined;

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

/** `172.17.0.1/16`; undefined when it is anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const [addressText = '', prefixText = '', ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefixText)) return undefined;
  const prefixLength = Number(prefixText);
  return prefixLength > 32 ? undefined : { address, prefixLength };
}

export const sizeOf = (cidr: Cidr): number => 2 ** (32 - cidr.prefixLength);
export const firstOf = (cidr: Cidr): number => cidr.address - (cidr.address % sizeOf(cidr));
export const lastOf = (cidr: Cidr): number => firstOf(cidr) + sizeOf(cidr) - 1;

/** `172.17.0.0/16` for any address in it. */
export const formatNetwork = (cidr: Cidr): string => `${formatAddress(firstOf(cidr))}/${cidr.prefixLength}`;

export const overlaps = (a: Cidr, b: Cidr): boolean => firstOf(a) <= lastOf(b) && firstOf(b) <= lastOf(a);

/** Docker's rule: 02:42, then the four bytes of the address, so that a reused address keeps its MAC address. */
export const macOf = (address: number): string =>
  ['02', '42', ...[24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'))].join(':');
