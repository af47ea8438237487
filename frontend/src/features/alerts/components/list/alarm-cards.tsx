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
import { AlertLink } from "@/features/alerts/components/list/alert-link";
import { SelectBox } from "@/features/alerts/components/bulk/select-box";
import type { Selection } from "@/features/alerts/data/selection";
import type { Alarm } from "@/features/alerts/states";

/** Alarms on a phone. */
export function AlarmCards({
  alarms,
  selection,
  caption,
}: {
  alarms: Alarm[];
  selection: Selection;
  caption: string;
}) {
  const { t } = useTranslation("alerts");
  const subsystemName = useSubsystemName();
  const kindText = useKindText();
  return (
    <ul className="alert-cards" aria-label={caption}>
      {alarms.map((alarm) => (
        <li key={alarm.alarm_id} className="alert-card panel">
          <div className="alert-line">
            <AlertLink alertId={alarm.alarm_id}>
              {placeOf(alarm)} · {kindText(alarm)}
            </AlertLink>
            <span className="alert-pick">
              <SelectBox alarm={alarm} selection={selection} />
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
          <div className="alert-line dimmed">
            <UtcTime time={alarm.started_at} />
            <span className="numeric">
              {t("columns.count")} {alarm.violations}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}
