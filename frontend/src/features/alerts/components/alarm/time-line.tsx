import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Panel } from "@/components/page";
import { UtcTime } from "@/components/utc-time";
import { en } from "@/features/alerts/alarm-messages";
import { FEEDBACK } from "@/features/alerts/data/actions";

const CHANGES = Object.keys(en.timeLine.change) as (keyof typeof en.timeLine.change)[];

/** Who did what to an alarm when, and with which words; newest first. */
export function TimeLine({ events }: { events: Schemas["AlarmEvent"][] }) {
  const { t } = useTranslation("alarms");
  return (
    <Panel title={t("timeLine.title")}>
      <ol className="alert-history">
        {events.map((event, place) => (
          <li key={events.length - place}>
            <UtcTime time={event.at} /> <strong>{event.operator ?? t("timeLine.platform")}</strong>{" "}
            <Change change={event.change} />
            <Said details={event.details} />
            {event.comment && <Text className="alert-comment">{event.comment}</Text>}
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** What an operator said that the alarm was, where the event is about that; or that its satellite was retired. */
function Said({ details }: { details: Schemas["AlarmEvent"]["details"] }) {
  const { t } = useTranslation("alarms");
  if (details?.cause === "satellite_retired") return `: ${t("timeLine.retired")}`;
  const said = FEEDBACK.find((word) => word === (details?.new as { feedback?: unknown } | null)?.feedback);
  return said ? `: ${t(`feedback.${said}`)}` : null;
}

/** What happened; a change that the console does not know keeps its own name. */
function Change({ change }: { change: string }) {
  const { t } = useTranslation("alarms");
  const known = CHANGES.find((name) => name === change);
  return known ? t(`timeLine.change.${known}`) : change;
}
