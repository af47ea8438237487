import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { formatDuration } from "@/lib/time";

/** Pipeline calls it a caution from there on. */
const TOLERATED_S = 10;

/** Whether alerts of the anomaly score lack what an operator should have seen by now. */
export const isBehind = (seconds: number): boolean => seconds > TOLERATED_S;

/** Says how old the alerts of the anomaly score are; nothing while they keep up with the verdicts. */
export function AnomaliesBehind({ seconds }: { seconds: number }) {
  const { t } = useTranslation("shared");
  if (!isBehind(seconds)) return null;
  return (
    <Alert color="yellow" variant="outline" role="status" p="xs">
      {t("anomaliesBehind", { time: formatDuration(seconds * 1000) })}
    </Alert>
  );
}
