import { useTranslation } from "react-i18next";

import { useKindText } from "@/features/alerts/components/alarm-words";
import { isSelectable, type Selection } from "@/features/alerts/data/selection";
import type { Alarm } from "@/features/alerts/states";

/** Selects an alert of a list with those that are folded under it, as far as they can be acknowledged. */
export function SelectBox({
  alarm,
  folded,
  selection,
}: {
  alarm: Alarm;
  folded: Alarm[];
  selection: Selection;
}) {
  const { t } = useTranslation("alarms");
  const kindText = useKindText();
  const ids = [alarm, ...folded].filter(isSelectable).map(({ alarm_id }) => alarm_id);
  const chosen = ids.filter((id) => selection.has(id));
  const name = `${alarm.satellite_id} ${kindText(alarm)}`;
  return (
    <input
      type="checkbox"
      className="select-box"
      aria-label={
        folded.length > 0 ? t("bulk.selectGroup", { name, count: folded.length }) : t("bulk.select", { name })
      }
      checked={ids.length > 0 && chosen.length === ids.length}
      ref={(box) => {
        if (box) box.indeterminate = chosen.length > 0 && chosen.length < ids.length;
      }}
      disabled={ids.length === 0}
      onChange={(event) => selection.set(ids, event.currentTarget.checked)}
    />
  );
}
