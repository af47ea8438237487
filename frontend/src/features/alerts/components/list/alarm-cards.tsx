import { useTranslation } from "react-i18next";

import { useSubsystemName } from "@/components/subsystem-name";
import { UtcTime } from "@/components/utc-time";
import {
  Measured,
  placeOf,
  SeverityText,
  StateText,
  useKindText,
} from "@/features/alerts/components/alarm-words";
import { FeedbackMenu } from "@/features/alerts/components/feedback-menu";
import { AlertLink } from "@/features/alerts/components/list/alert-link";
import { SelectBox } from "@/features/alerts/components/bulk/select-box";
import { FoldButton } from "@/features/alerts/components/list/fold-button";
import type { Folds } from "@/features/alerts/data/folds";
import type { Row } from "@/features/alerts/data/groups";
import type { Selection } from "@/features/alerts/data/selection";

/** Alarms on a phone. */
export function AlarmCards({
  rows,
  folds,
  selection,
  caption,
}: {
  rows: Row[];
  folds: Folds;
  selection: Selection;
  caption: string;
}) {
  const { t } = useTranslation("alerts");
  const subsystemName = useSubsystemName();
  const kindText = useKindText();
  return (
    <ul className="alert-cards" aria-label={caption}>
      {rows.map(({ alarm, ...row }) => (
        <li key={alarm.alarm_id} className="alert-card panel" data-other={row.isOther}>
          <div className="alert-line">
            <AlertLink alertId={alarm.alarm_id}>
              {placeOf(alarm)} · {kindText(alarm)}
            </AlertLink>
            <span className="alert-pick">
              <SelectBox
                alarm={alarm}
                folded={folds.isUnfolded(alarm) ? [] : row.others}
                selection={selection}
              />
              <SeverityText alarm={alarm} />
            </span>
          </div>
          <div className="alert-line">
            <StateText alarm={alarm} />
            {alarm.kind !== "platform" && <span className="dimmed">{subsystemName(alarm.subsystem)}</span>}
          </div>
          <div className="alert-line dimmed">
            <span>
              <Measured alarm={alarm} />
            </span>
            {alarm.assigned_to && <span className="alert-owner">{alarm.assigned_to}</span>}
          </div>
          <FoldButton
            row={{ alarm, ...row }}
            isUnfolded={folds.isUnfolded(alarm)}
            onFold={() => folds.turn(alarm)}
          />
          <div className="alert-line dimmed">
            <UtcTime time={alarm.started_at} />
            <span className="numeric">
              {t("columns.count")} {alarm.violations}
            </span>
          </div>
          <FeedbackMenu alarm={alarm} />
        </li>
      ))}
    </ul>
  );
}
