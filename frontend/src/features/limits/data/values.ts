import { LIMIT_FIELDS } from "@/components/limit-text";
import type { Limit, LimitValues } from "@/features/limits/api/limits";
import { formatValue } from "@/lib/numbers";

/** What breaks a rule in force: a value, a rate as `↑ 0.5 ↓ 2 %/s`, or any change, for which there is a word. */
export function limitText({ kind, rate, in_force, unit }: Limit, anyChange: string): string {
  if (kind === "change") return anyChange;
  if (rate === null) return boundsText(in_force, unit);
  const sides = [
    rate.rises != null && `↑ ${formatValue(rate.rises)}`,
    rate.falls != null && `↓ ${formatValue(rate.falls)}`,
  ];
  return `${sides.filter(Boolean).join(" ")} ${unit}/${rate.per === "minute" ? "min" : "s"}`;
}

/** What breaks a limit, as `< 30 %` or `≤ -30 / ≥ 50 degC`. */
export function boundsText({ below, above, equals, inclusive }: LimitValues, unit: string): string {
  const parts = [
    below !== null && `${inclusive ? "≤" : "<"} ${formatValue(below)}`,
    above !== null && `${inclusive ? "≥" : ">"} ${formatValue(above)}`,
    equals !== null && `= ${formatValue(equals)}`,
  ].filter((part) => part !== false);
  return `${parts.join(" / ")} ${unit}`.trim();
}

/** Names of the fields that differ between two sets of values, in the order of the form. */
export function changedFields(one: LimitValues, other: LimitValues): (keyof LimitValues)[] {
  return LIMIT_FIELDS.filter((field) => one[field] !== other[field]);
}

/** Names a limit among all. */
export const keyOf = ({ subsystem, reason }: Pick<Limit, "subsystem" | "reason">) => `${subsystem}/${reason}`;
