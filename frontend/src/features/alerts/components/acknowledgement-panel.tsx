import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Panel } from "@/components/page";
import { UtcTime } from "@/components/utc-time";

/** Who took note of an alert; nothing where nobody did. */
export function AcknowledgementPanel({ history }: { history: Schemas["Acknowledgement"][] }) {
  const { t } = useTranslation("alerts");
  if (history.length === 0) return null;
  return (
    <Panel title={t("acknowledge.title")}>
      <ol className="alert-history">
        {history.map((entry) => (
          <li key={`${entry.acknowledged_at} ${entry.operator}`}>
            <strong>{t("acknowledge.history", { operator: entry.operator })}</strong>{" "}
            <UtcTime time={entry.acknowledged_at} />
            <Text className="alert-comment">{entry.comment}</Text>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
