import { useTranslation } from "react-i18next";

import { useKindText } from "@/features/alerts/components/alarm-words";
import type { Row } from "@/features/alerts/data/groups";

/** Folds and unfolds the alarms that began together with one; those that are folded away are named. */
export function FoldButton({
  row: { alarm, others },
  isUnfolded,
  onFold,
}: {
  row: Row;
  isUnfolded: boolean;
  onFold: () => void;
}) {
  const { t } = useTranslation("alarms");
  const kindText = useKindText();
  if (others.length === 0) return null;
  const elsewhere = alarm.group_size - 1 - others.length;
  return (
    <div className="alert-above">
      <button type="button" className="alert-fold" aria-expanded={isUnfolded} onClick={onFold}>
        <span aria-hidden>{isUnfolded ? "▾ " : "▸ "}</span>
        {t("fold.more", { count: others.length })}
      </button>
      <div className="dimmed">
        {!isUnfolded && [...new Set(others.map(kindText))].join(", ")}
        {elsewhere > 0 && ` ${t("fold.elsewhere", { count: elsewhere })}`}
      </div>
    </div>
  );
}
