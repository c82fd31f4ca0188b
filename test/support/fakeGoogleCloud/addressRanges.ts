import { invalid } from "./googleError.ts";

/** An IPv4 range such as 10.0.0.0/16. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** @throws GoogleError when it is no range, or has bits set behind its prefix. */
export function parseRange(text: unknown, field: string): Range {
  const [, address = "", length = ""] = /^([\d.]+)\/(\d+)$/.exec(String(text)) ?? [];
  const bytes = address.split(".").map(Number);
  const bits = Number(length);
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255) || length === "" || bits > 32) {
    throw invalid(`Invalid value for field '${field}': '${String(text)}'. Must be a CIDR address.`);
  }
  const size = 2 ** (32 - bits);
  const first = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (first % size !== 0) {
    throw invalid(
      `Invalid value for field '${field}': '${String(text)}'. Invalid IPCidrRange: ${String(text)} is not a canonical CIDR range.`,
    );
  }
  return { first, last: first + size - 1 };
}

export const overlap = (one: Range, other: Range) =>
  one.first <= other.last && other.first <= one.last;

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join(".");
