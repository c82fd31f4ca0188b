/** A value formatted in Grafana's units. */
export function format(value: number, unit = "short", decimals?: number): string {
  const plain = (number: number) => rounded(number, decimals);
  switch (unit) {
    case "percent":
      return `${plain(value)}%`;
    case "bytes":
      return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"], decimals);
    case "Bps":
      return scaled(value, 1000, ["B/s", "kB/s", "MB/s", "GB/s"], decimals);
    case "s":
      return duration(value, decimals);
    case "reqps":
      return `${plain(value)} req/s`;
    case "ops":
      return `${plain(value)} ops/s`;
    default:
      return scaled(value, 1000, ["", "K", "Mil", "Bil"], decimals);
  }
}

function scaled(value: number, base: number, names: string[], decimals?: number): string {
  let index = 0;
  let rest = value;
  while (Math.abs(rest) >= base && index < names.length - 1) {
    rest /= base;
    index += 1;
  }
  return `${rounded(rest, decimals)} ${names[index]}`.trimEnd();
}

function duration(seconds: number, decimals?: number): string {
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 0.001) return `${rounded(seconds * 1e6, decimals)} µs`;
  if (size < 1) return `${rounded(seconds * 1000, decimals)} ms`;
  if (size < 120) return `${rounded(seconds, decimals)} s`;
  return `${rounded(seconds / 60, decimals)} min`;
}

/** Three significant digits by default. */
function rounded(value: number, decimals?: number): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  const size = Math.abs(value);
  const places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 || size === 0 ? 2 : 3;
  return String(Number(value.toFixed(places)));
}
