import type { Schemas } from "@/api/client";

export type MissionRule = Schemas["MissionRule"];
export type Range = readonly [low: number, high: number];

/** A channel as a chart knows it. */
export interface ChartChannel {
  name: string;
  unit: string;
  isFlag: boolean;
  nominal: Range | null;
}
export type Judgement = "limit" | "outside" | null;

/**
 * What a value means: a rule of the mission is broken, it lies outside the nominal range, or neither. A value alone
 * does not tell whether it breaks a rule that is compared in a context only.
 */
export function judge(
  value: number | null,
  { name, nominal }: ChartChannel,
  rules: readonly MissionRule[],
): Judgement {
  if (value === null) return null;
  if (lastingRules(name, rules).some((rule) => breaks(value, rule))) return "limit";
  return nominal && (value < nominal[0] || value > nominal[1]) ? "outside" : null;
}

function breaks(value: number, { below, above, equals }: MissionRule): boolean {
  return (
    (below !== null && value < below) ||
    (above !== null && value > above) ||
    (equals !== null && value === equals)
  );
}

const lastingRules = (channel: string, rules: readonly MissionRule[]) =>
  rules.filter((rule) => rule.channel === channel && !rule.is_contextual);

/** The levels of a channel's limits that hold in every context; a value that it must not equal is no level. */
export function limitsOf(channel: string, rules: readonly MissionRule[]): number[] {
  const lasting = lastingRules(channel, rules);
  return lasting.flatMap(({ below, above }) => [below, above]).filter((limit) => limit !== null);
}

/** A value in at most five significant digits. */
export function formatValue(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(5)));
}
