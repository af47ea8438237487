/** Times of the console: always UTC, and shown as such. */

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** `2026-11-25 13:05:09` of a time in milliseconds; the reader learns from the label beside it that it is UTC. */
export function formatUtc(
  time: Date | string | number,
  { seconds = true, milliseconds = false } = {},
): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "–";
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
  return `${day} ${formatUtcClock(date, { seconds, milliseconds })}`;
}

/** `13:05:09` in UTC. */
export function formatUtcClock(
  time: Date | string | number,
  { seconds = true, milliseconds = false } = {},
): string {
  const date = new Date(time);
  const minutes = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  if (!seconds) return minutes;
  const whole = `${minutes}:${pad(date.getUTCSeconds())}`;
  return milliseconds ? `${whole}.${pad(date.getUTCMilliseconds(), 3)}` : whole;
}

/** Two greatest units of a duration: `26 y 3 d` (of 365 d), `3 d 4 h`, `5 m 2 s`, `0 s`. */
export function formatDuration(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: [number, string][] = [
    [Math.floor(total / 31_536_000), "y"],
    [Math.floor(total / 86_400) % 365, "d"],
    [Math.floor(total / 3600) % 24, "h"],
    [Math.floor(total / 60) % 60, "m"],
    [total % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}
