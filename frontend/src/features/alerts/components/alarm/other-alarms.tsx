import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Panel } from "@/components/page";
import { useSubsystemName } from "@/components/subsystem-name";
import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { useReasonText } from "@/components/reason-text";

/** Alarms that came together with one, and earlier ones of its reason. */
export function OtherAlarms({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  const subsystemName = useSubsystemName();
  const reasonText = useReasonText();
  return (
    <>
      {alarm.group.length > 0 && (
        <Panel title={t("group", { count: alarm.group_size - 1 })}>
          <ul className="alert-history">
            {alarm.group.map((other) => (
              <Other key={other.alarm_id} other={other}>
                {`${subsystemName(other.subsystem)} · ${reasonText(other.reason)}`}
              </Other>
            ))}
          </ul>
        </Panel>
      )}
      {alarm.earlier.length > 0 && (
        <Panel title={t("earlier")}>
          <ul className="alert-history">
            {alarm.earlier.map((other) => (
              <Other key={other.alarm_id} other={other}>
                {other.comment}
              </Other>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

function Other({
  other,
  children,
}: {
  other: Schemas["Alarm"] | Schemas["EarlierAlarm"];
  children: string | null;
}) {
  const { t } = useTranslation("alarms");
  return (
    <li>
      <Link
        to="/alerts/$alertId"
        params={{ alertId: other.alarm_id }}
        className="alert-plain"
        preload={false}
      >
        <UtcTime time={other.started_at} />
      </Link>{" "}
      {t(`state.${other.state}`)}
      {children && <div className="alert-comment">{children}</div>}
    </li>
  );
}
