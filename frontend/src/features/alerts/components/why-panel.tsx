import { Button, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Panel } from "@/components/page";
import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import type { AlertDetail, ChannelShare } from "@/features/alerts/api/get-alert";
import { useReasonText } from "@/features/alerts/components/alarm-words";
import { ChannelEvidence } from "@/features/alerts/components/channel-evidence";
import { leadingChannels } from "@/features/alerts/data/evidence";

/** Why an alert stands: the rule that was broken, and the channels of the verdict with the highest score. */
export function WhyPanel({ alert, kind }: { alert: AlertDetail; kind: AlarmDetail["kind"] }) {
  const { t } = useTranslation("alerts");
  const reasonText = useReasonText();
  const { why } = alert;
  const isUnjudged = alert.verdict_count === 0;
  const channels = why?.channels ?? [];
  return (
    <Panel title={t("why.title")}>
      {alert.reason && <Text mb="xs">{t("why.rule", { reason: reasonText(alert.reason) })}</Text>}
      {isUnjudged && (
        <Text mb="xs">{t(kind === "rate" || kind === "change" ? "why.notJudged" : "why.noJob")}</Text>
      )}
      {!isUnjudged && channels.length === 0 && <Text c="dimmed">{t("why.none")}</Text>}
      {why?.generated_at && !isUnjudged && (
        <Text size="sm" mb="xs">
          <span className="dimmed">{t("why.judged")}:</span> <UtcTime time={why.generated_at} />
          {why.job_id && (
            <>
              {" · "}
              <Link to="/jobs/$jobId" params={{ jobId: why.job_id }} className="alert-plain" preload={false}>
                {t("toJob")}
              </Link>
            </>
          )}
        </Text>
      )}
      <Channels channels={channels} />
    </Panel>
  );
}

/** The channels that count; the others on request. */
function Channels({ channels }: { channels: ChannelShare[] }) {
  const { t } = useTranslation("alerts");
  const [isWhole, setWhole] = useState(false);
  const leading = leadingChannels(channels);
  const rest = channels.length - leading.length;
  return (
    <>
      <ol className="evidence-list">
        {(isWhole ? channels : leading).map((channel) => (
          <ChannelEvidence key={channel.channel} channel={channel} />
        ))}
      </ol>
      {rest > 0 && !isWhole && (
        <Button mt="sm" size="xs" variant="default" onClick={() => setWhole(true)}>
          {t("why.others", { number: rest })}
        </Button>
      )}
    </>
  );
}
