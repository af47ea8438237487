/** Numbers as an operator reads them; null, what is not known, stays null. */

type Maybe = number | null | undefined;

const grouped = (value: number, digits = 0) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** `1,234`. */
export function formatCount(value: Maybe): string | null {
  return isKnown(value) ? grouped(value) : null;
}

/** Three digits that matter: `9.53`, `59.4`, `220`, `1,234`. */
export function formatMeasure(value: Maybe): string | null {
  if (!isKnown(value)) return null;
  const size = Math.abs(value);
  return grouped(value, size === 0 || size >= 100 ? 0 : size < 10 ? 2 : 1);
}

/** Rounded down, so that only what is whole reads `100`. */
export function formatPercent(value: Maybe): string | null {
  return isKnown(value) ? String(Math.floor(value * 10) / 10) : null;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `13.7 MiB`, `512 B`. */
export function formatBytes(value: Maybe): string | null {
  if (!isKnown(value)) return null;
  const power = value < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(value) / Math.log(1024)));
  return `${grouped(value / 1024 ** power, power === 0 ? 0 : 1)} ${UNITS[power] ?? ""}`;
}

/** The sum of what is known; null where nothing is. */
export function sumOf(values: readonly Maybe[]): number | null {
  const known = values.filter(isKnown);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function isKnown(value: Maybe): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
