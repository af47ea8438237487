import { useTranslation } from "react-i18next";

import { formatSince } from "@/features/fleet/cells";
import { Age } from "@/features/fleet/components/age";

/** When a satellite was heard last: the moment in UTC and its age. */
export function LastContact({ time, today }: { time: string | null; today: string }) {
  const { t } = useTranslation("fleet");
  if (time === null) return <span className="dimmed">{t("never")}</span>;
  return (
    <span className="fleet-contact">
      <time dateTime={time} className="numeric">
        {formatSince(time, today)} <span className="dimmed">UTC</span>
      </time>
      <span className="dimmed">
        <Age since={time} />
      </span>
    </span>
  );
}
