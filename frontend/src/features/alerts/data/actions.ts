import type { AlarmDetail, AlarmAction, Feedback } from "@/features/alerts/api/get-alarm";
import { formatValue } from "@/features/alerts/data/evidence";
import type { Alarm } from "@/features/alerts/states";

/** What an alarm's state allows, the most urgent first; the server decides, this only offers. */
export function offeredActions(alarm: AlarmDetail): AlarmAction[] {
  if (alarm.is_withdrawn) return ["comment"];
  const isSuppressed = (kind: string) => alarm.suppressions.some((suppression) => suppression.kind === kind);
  const isToReset = alarm.state === "latched_acknowledged";
  return [
    ...(alarm.acknowledged_at === null ? (["acknowledge"] as const) : []),
    ...(isToReset ? (["reset"] as const) : []),
    "comment",
    "assign",
    isSuppressed("shelved") ? "unshelve" : "shelve",
    isSuppressed("out_of_service") ? "returnToService" : "removeFromService",
  ];
}

/** What an alarm may have been. */
export const FEEDBACK: readonly Feedback[] = ["true_alarm", "false_alarm", "rare_nominal", "known"];

/** Whether an action is about all alarms of the satellite's subsystem and reason. */
export function isOfSign(action: AlarmAction): boolean {
  return ["shelve", "unshelve", "removeFromService", "returnToService"].includes(action);
}

const SIGNS: Partial<Record<string, string>> = { above: ">", below: "<", at: "=" };

/**
 * A value against the limit that it broke, as in `50.15 > 50`; the server says the latter as `above 50`. Of a change
 * the old and the new one, as in `5 → 6`.
 */
export function valueAgainstLimit({ value, limit }: Pick<Alarm, "value" | "limit">): string {
  const [side = "", bound = ""] = limit?.split(" ") ?? [];
  if (side === "was") return `${bound} → ${formatValue(value)}`;
  const sign = SIGNS[side];
  return sign ? `${formatValue(value)} ${sign} ${bound}` : formatValue(value);
}
