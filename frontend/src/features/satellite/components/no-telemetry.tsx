import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Empty } from "@/components/states";
import { UtcTime } from "@/components/utc-time";

import { useNewestSample } from "@/features/satellite/api/get-newest-sample";
import { addressOf, isoOf, type Span } from "@/features/satellite/data/time-span";

/** Why the charts are empty: the satellite is silent, or there is no such satellite. */
export function NoTelemetry({
  satelliteId,
  span,
  now,
}: {
  satelliteId: string;
  span: Span;
  now: () => number;
}) {
  const { t } = useTranslation("satellite");
  const newest = useNewestSample(satelliteId, now);
  if (newest.data === undefined) return null;
  if (newest.data === null)
    return (
      <Empty title={t("unknown.title", { satellite: satelliteId })} command="make demo">
        {t("unknown.hint")}
      </Empty>
    );
  const lengthS = span.kind === "live" ? span.lengthS : span.end - span.start;
  const around = addressOf({ start: newest.data - lengthS * 0.9, end: newest.data + lengthS * 0.1 });
  return (
    <div className="satellite-empty" role="status">
      <Text fw={700}>{t("empty.title")}</Text>
      <Text size="sm">
        {t("empty.since")} <UtcTime time={isoOf(newest.data)} />{" "}
        <Anchor
          renderRoot={(props) => (
            <Link
              {...props}
              to="/satellites/$satelliteId"
              params={{ satelliteId }}
              search={(before) => ({ ...before, ...around })}
            />
          )}
        >
          {t("empty.show")}
        </Anchor>
      </Text>
    </div>
  );
}
