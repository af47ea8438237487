import { useTranslation } from "react-i18next";

import { useStepText } from "@/components/limit-text";
import { UtcTime } from "@/components/utc-time";
import { useLimitChanges } from "@/features/alerts/api/list-limit-changes";
import { useSetChanges } from "@/features/alerts/api/list-set-changes";
import { Fact } from "@/features/alerts/components/alarm/fact";
import type { Alarm } from "@/features/alerts/states";

/** That the limit is not the one any more by which an alarm was raised: what it was and is, since when and by whom. */
export function LimitChanges({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const stepText = useStepText();
  const changes = useLimitChanges(alarm).data?.changes ?? [];
  const switches = useSetChanges(alarm).data ?? [];
  const told = [
    ...changes.map((change) => ({ ...change, text: stepText(change) })),
    ...switches.map((change) => ({
      ...change,
      text: t("facts.limitSet", { old: change.old, new: change.new }),
    })),
  ].sort((one, other) => other.at.localeCompare(one.at));
  if (told.length === 0) return null;
  return (
    <Fact
      name={t("facts.limitChanged")}
      value={told.map(({ text, at, operator, comment }) => (
        <div key={`${text} ${at}`}>
          {text}, <UtcTime time={at} />, {operator}: {comment}
        </div>
      ))}
    />
  );
}
