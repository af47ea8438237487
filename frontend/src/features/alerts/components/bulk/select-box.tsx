import { Checkbox } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useKindText } from "@/features/alerts/components/alarm-words";
import { isSelectable, type Selection } from "@/features/alerts/data/selection";
import type { Alarm } from "@/features/alerts/states";

/** Selects an alert of a list, if it can be acknowledged. */
export function SelectBox({ alarm, selection }: { alarm: Alarm; selection: Selection }) {
  const { t } = useTranslation("alarms");
  const kindText = useKindText();
  return (
    <Checkbox
      size="md"
      aria-label={t("bulk.select", { name: `${alarm.satellite_id} ${kindText(alarm)}` })}
      checked={isSelectable(alarm) && selection.has(alarm.alarm_id)}
      disabled={!isSelectable(alarm)}
      onChange={(event) => selection.set([alarm.alarm_id], event.currentTarget.checked)}
    />
  );
}
