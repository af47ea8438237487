import { Button, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Panel } from "@/components/page";
import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import type { AlertDetail, ChannelShare } from "@/features/alerts/api/get-alert";
import { useReasonText } from "@/components/reason-text";
import { ChannelEvidence } from "@/features/alerts/components/channel-evidence";
import { valueAgainstLimit } from "@/features/alerts/data/actions";
import { leadingChannels } from "@/features/alerts/data/evidence";

/** Why an alert was raised: the limit that was broken by which value, and the channels of the verdict at its onset. */
export function WhyPanel({ alert, alarm }: { alert: AlertDetail; alarm: AlarmDetail }) {
  const { t } = useTranslation("alerts");
  const reasonText = useReasonText();
  const { why } = alert;
  const isUnjudged = alert.verdict_count === 0;
  const channels = why?.channels ?? [];
  return (
    <Panel title={t("why.title")}>
      {alarm.channel !== null && (
        <Text mb="xs">
          {t("why.rule", { reason: reasonText(alarm.reason) })}{" "}
          <strong>
            {alarm.channel} {valueAgainstLimit({ ...alarm, value: valueAtOnset(alert, alarm) })}
          </strong>
        </Text>
      )}
      {isUnjudged && (
        <Text mb="xs">
          {t(alarm.kind === "rate" || alarm.kind === "change" ? "why.notJudged" : "why.noJob")}
        </Text>
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

/** What broke the limit at the onset; of what no verdict says that, such as a rate, the newest value. */
function valueAtOnset({ why }: AlertDetail, { kind, channel, value }: AlarmDetail): number | null {
  const judged = why?.channels.find((evidence) => evidence.channel === channel);
  return (kind === "limit" ? judged?.actual : null) ?? value;
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
