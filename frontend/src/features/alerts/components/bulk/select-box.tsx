import { Checkbox } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useKindText } from "@/features/alerts/components/alert-words";
import { isSelectable, type Selection } from "@/features/alerts/data/selection";
import type { Alert } from "@/features/alerts/states";

/** Selects an alert of a list, if it can be acknowledged. */
export function SelectBox({ alert, selection }: { alert: Alert; selection: Selection }) {
  const { t } = useTranslation("alarms");
  const kindText = useKindText();
  return (
    <Checkbox
      size="md"
      aria-label={t("bulk.select", { name: `${alert.satellite_id} ${kindText(alert)}` })}
      checked={isSelectable(alert) && selection.has(alert.alert_id)}
      disabled={!isSelectable(alert)}
      onChange={(event) => selection.set([alert.alert_id], event.currentTarget.checked)}
    />
  );
}
