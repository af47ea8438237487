import { useTranslation } from "react-i18next";

import { useStepText } from "@/components/limit-text";
import { UtcTime } from "@/components/utc-time";
import { useLimitChanges } from "@/features/alerts/api/list-limit-changes";
import { Fact } from "@/features/alerts/components/alarm/fact";
import type { Alarm } from "@/features/alerts/states";

/** That the limit is not the one any more by which an alarm was raised: what it was and is, since when and by whom. */
export function LimitChanges({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const stepText = useStepText();
  const changes = useLimitChanges(alarm).data?.changes ?? [];
  if (changes.length === 0) return null;
  return (
    <Fact
      name={t("facts.limitChanged")}
      value={changes.map((change) => (
        <div key={change.version}>
          {stepText(change)}, <UtcTime time={change.at} />, {change.operator}: {change.comment}
        </div>
      ))}
    />
  );
}
