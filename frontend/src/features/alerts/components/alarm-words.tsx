import { useTranslation } from "react-i18next";

import { useReasonText } from "@/components/reason-text";
import { StatusSymbol, type Status } from "@/components/status/status-symbol";
import { StatusText } from "@/components/status/status-text";
import { valueAgainstLimit } from "@/features/alerts/data/actions";
import { STATE_GROUPS, statusOf, type Alarm } from "@/features/alerts/states";
import { formatScore } from "@/lib/numbers";
import { formatDuration } from "@/lib/time";

/** Where an alarm is: its satellite, or the part of the platform. */
export const placeOf = ({
  kind,
  satellite_id,
  subsystem,
}: Pick<Alarm, "kind" | "satellite_id" | "subsystem">): string =>
  kind === "platform" ? subsystem : satellite_id;

/** Returns what names an alarm: its kind, its reason, and how wrong a clock is. */
export function useKindText(): (alarm: Pick<Alarm, "kind" | "reason" | "value">) => string {
  const { t } = useTranslation("alerts");
  const reasonText = useReasonText();
  return ({ kind, reason, value }) => {
    if (kind === "anomaly" || kind === "flood") return t(`kind.${kind}`);
    const text = `${t(`kind.${kind}`)}: ${reasonText(limitOf(kind, reason))}`;
    const isInSeconds = kind === "clock" || kind === "forecast";
    return isInSeconds && value !== null ? `${text} (${formatDuration(Math.abs(value) * 1000)})` : text;
  };
}

/** The reason of the limit that a forecast is about; of others their own. */
const limitOf = (kind: Alarm["kind"], reason: string) =>
  kind === "forecast" ? reason.replace(/_forecast$/, "") : reason;

/** What was measured, and whether it comes and goes too often to be acted on. */
export function Measured({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alerts");
  return (
    <>
      <Value alarm={alarm} />
      {alarm.chattering_since && (
        <div className="alert-chattering">{t("chattering", { count: alarm.activations })}</div>
      )}
    </>
  );
}

/** The channel's value against the limit that it broke, or the highest score. */
function Value({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alerts");
  if (alarm.peak_score !== null)
    return (
      <>
        {t("columns.peak")} {formatScore(alarm.peak_score)}
      </>
    );
  if (alarm.kind === "flood") return <>{t("inTenMinutes", { count: alarm.value ?? 0 })}</>;
  if (alarm.channel === null || alarm.value === null) return null;
  if (alarm.kind === "forecast") return <>{alarm.channel}</>;
  return (
    <>
      {alarm.channel} {valueAgainstLimit(alarm)}
    </>
  );
}

/** The state of ISA-18.2; its symbol grows calmer as the alarm does. */
export function StateText({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  return (
    <span className="alert-state" data-waits={alarm.needs_attention}>
      <StatusSymbol status={symbolOf(alarm)} />
      {t(`state.${alarm.state}`)}
    </span>
  );
}

function symbolOf({ state, severity }: Alarm): Status {
  const isIn = (group: keyof typeof STATE_GROUPS) => STATE_GROUPS[group].some((name) => name === state);
  if (isIn("unacknowledged")) return statusOf(severity);
  if (isIn("acknowledged")) return "caution";
  return isIn("returned") ? "standby" : "off";
}

/** Severity in colour, shape and word. */
export function SeverityText({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("shared");
  return <StatusText status={statusOf(alarm.severity)} text={t(`severity.${alarm.severity}`)} />;
}
