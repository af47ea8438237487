import type { Alarm } from "@/features/alerts/states";
import { SEVERITIES } from "@/lib/severities";

/** A row of the list: an alarm, and those of its group that it stands for while they are folded away. */
export type Row = {
  alarm: Alarm;
  /** Others of its group on this page, whether they are folded or listed below it. */
  others: Alarm[];
  /** Whether it is listed below the one that stands for its group. */
  isOther: boolean;
};

/**
 * Rows of a page. Alarms that began together stand where the first of them does, as the most urgent one; the others
 * follow where their group is unfolded.
 */
export function rowsOf(alarms: readonly Alarm[], isUnfolded: (alarm: Alarm) => boolean): Row[] {
  const groups = new Map<string, Alarm[]>();
  for (const alarm of alarms) {
    const name = alarm.group_id ?? alarm.alarm_id;
    groups.set(name, [...(groups.get(name) ?? []), alarm]);
  }
  return [...groups.values()].flatMap((group) => {
    const lead = group.reduce((first, alarm) => (urgencyOf(alarm) > urgencyOf(first) ? alarm : first));
    const others = group.filter((alarm) => alarm !== lead);
    const below = isUnfolded(lead) ? others : [];
    return [
      { alarm: lead, others, isOther: false },
      ...below.map((alarm) => ({ alarm, others: [], isOther: true })),
    ];
  });
}

/** What nobody acknowledged comes before all else, then the severity counts. */
const urgencyOf = ({ needs_attention, severity }: Alarm): number =>
  (needs_attention ? SEVERITIES.length : 0) + SEVERITIES.indexOf(severity);
