import { isIP } from "node:net";

/** A range of addresses, its first and last as numbers. */
interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

/** Networks that no packet from the internet comes from. */
const inner = [
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"],
  ...["169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"],
].map((text) => rangeOf(text)!);

/** No single network has more public addresses than this: a /8 of IPv4, a /16 of IPv6. */
const most = { 32: 2n ** 24n, 128: 2n ** 112n };

/** Whether the ranges together let in a large part of the internet, however they are split. */
export function coverInternet(texts: readonly string[]): boolean {
  const ranges = texts.map(rangeOf).filter((range) => range !== undefined);
  return ([32, 128] as const).some((bits) => {
    const own = ranges.filter((range) => range.bits === bits);
    const isInner = (range: Range) =>
      inner.some((one) => one.bits === bits && one.first <= range.first && range.last <= one.last);
    return sizeOf(own.filter((range) => !isInner(range))) > most[bits];
  });
}

/** How many addresses there are in ranges that may overlap. */
function sizeOf(ranges: readonly Range[]): bigint {
  let [size, next] = [0n, 0n];
  for (const { first, last } of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const start = first > next ? first : next;
    if (last < start) continue;
    size += last - start + 1n;
    next = last + 1n;
  }
  return size;
}

/** Reads `10.0.0.0/8`, `::/0` or `0.0.0.0-255.255.255.255`; undefined for anything else. */
function rangeOf(text: string): Range | undefined {
  const [from, to] = text.split("-").map((end) => addressOf(end.trim()));
  if (from && to && from.bits === to.bits)
    return { bits: from.bits, first: from.value, last: to.value };
  const [start = "", prefix = ""] = text.trim().split("/");
  const address = addressOf(start);
  if (!address || !/^\d+$/.test(prefix)) return undefined;
  const { bits, value } = address;
  const length = Number(prefix) - (start.includes(":") && bits === 32 ? 96 : 0);
  if (length < 0 || length > bits) return undefined;
  const size = 2n ** BigInt(bits - length);
  const first = value - (value % size);
  return { bits, first, last: first + size - 1n };
}

function addressOf(text: string): { bits: 32 | 128; value: bigint } | undefined {
  if (isIP(text) === 4) return { bits: 32, value: joined(text.split(".").map(Number), 8n) };
  if (isIP(text) !== 6) return undefined;
  // the URL parser writes every spelling of an address in one way
  const [head = "", tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const groups = (part = "") =>
    part
      .split(":")
      .filter(Boolean)
      .map((group) => parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  const value = joined([...before, ...zeros, ...after], 16n);
  // ::ffff:192.0.2.1 is an address of IPv4
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function joined(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n);
}
