import { useTranslation } from "react-i18next";

import { StatusSymbol, type Status } from "@/components/status/status-symbol";
import { StatusText } from "@/components/status/status-text";
import type { Alert } from "@/features/alerts/states";
import { formatDuration } from "@/lib/time";

const REASONS = [
  "low_battery",
  "abnormal_temperature",
  "thruster_active",
  "no_data",
  "clock_jumped_back",
  "clock_jumped_ahead",
] as const;

/** Returns what names the reason of a rule; one that the console does not know keeps its own name. */
export function useReasonText(): (reason: string) => string {
  const { t } = useTranslation("alerts");
  return (reason) => {
    const known = REASONS.find((name) => name === reason);
    return known ? t(`reason.${known}`) : reason;
  };
}

/** Returns what names an alert: its kind, the rule's reason, and how wrong a clock is. */
export function useKindText(): (alert: Alert) => string {
  const { t } = useTranslation("alerts");
  const reasonText = useReasonText();
  return ({ kind, reason, clock_behind_s: behind }) => {
    const text = [t(`kind.${kind}`), reason && reasonText(reason)].filter(Boolean).join(": ");
    return behind === null ? text : `${text} (${formatDuration(Math.abs(behind) * 1000)})`;
  };
}

const SYMBOLS: Record<Alert["state"], (alert: Alert) => Status> = {
  unacknowledged: ({ severity }) => severity,
  acknowledged: () => "caution",
  returned: () => "standby",
  cleared: () => "off",
};

/** The state of ISA-18.2; its symbol grows calmer as the alert does. */
export function StateText({ alert }: { alert: Alert }) {
  const { t } = useTranslation("alerts");
  return (
    <span className={`alert-state alert-${alert.state}`}>
      <StatusSymbol status={SYMBOLS[alert.state](alert)} />
      {t(`state.${alert.state}`)}
    </span>
  );
}

/** Severity in colour, shape and word. */
export function SeverityText({ alert }: { alert: Alert }) {
  return <StatusText status={alert.severity} />;
}
