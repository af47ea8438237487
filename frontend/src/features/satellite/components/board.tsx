import { Alert, Button, Group } from "@mantine/core";
import { useState, type ComponentProps, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { AnomaliesBehind } from "@/components/verdicts/anomalies-behind";
import { Panel } from "@/components/page";
import { Failure } from "@/components/states";
import { download } from "@/lib/csv";
import { formatUtc } from "@/lib/time";

import type { Mission } from "@/api/get-mission";
import { plotCsv } from "@/features/satellite/data/plot/plot-csv";
import type { Span } from "@/features/satellite/data/time-span";
import type { ChartGroup } from "@/features/satellite/drawing/chart-group";
import type { Choice } from "@/features/satellite/drawing/chart-spec";
import { ChannelChart } from "@/features/satellite/components/channel-chart";
import { Legend } from "@/features/satellite/components/legend";
import { NoTelemetry } from "@/features/satellite/components/no-telemetry";
import { TimeCursor } from "@/features/satellite/components/time-cursor";
import { useZoom } from "@/features/satellite/components/hooks/use-address";
import { useBoardData } from "@/features/satellite/components/hooks/use-board-data";
import { useDrawn } from "@/features/satellite/components/hooks/use-drawn";
import { usePlotWidth } from "@/features/satellite/components/hooks/use-plot-width";
import { useSubsystemName } from "@/components/subsystem-name";

/** The charts of a choice of channels, and what belongs to all of them. */
export function Board({
  mission,
  satelliteId,
  choice,
  span,
  hasPasses,
}: {
  mission: Mission;
  satelliteId: string;
  choice: Choice;
  span: Span;
  hasPasses: boolean;
}) {
  const { t } = useTranslation("satellite");
  const [width, measure] = usePlotWidth();
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const isPaused = pausedAt !== null && span.kind === "live";
  const { group, now, ...data } = useBoardData(
    mission,
    satelliteId,
    choice,
    span,
    width,
    isPaused,
    hasPasses,
  );
  const [shown] = useState(() => () => group.axis);
  const actions = useZoom(shown, now);
  const isReduced = useDrawn(group, () => group.plot.isReduced);
  const isEmpty = useDrawn(group, () => group.data.isLoaded && group.plot.times.length === 0);
  const error = data.telemetry.error ?? data.tailError ?? firstError(data);
  return (
    <>
      {error && <Failure error={error} onRetry={() => void data.telemetry.refetch()} />}
      <AnomaliesBehind seconds={data.episodes.data?.anomalies_behind_s ?? 0} />
      {isPaused && <Paused at={pausedAt} />}
      <Toolbar group={group} isLoading={data.telemetry.isLoading}>
        {span.kind === "live" && (
          <Button size="xs" variant="default" onClick={() => setPausedAt(isPaused ? null : now())}>
            {isPaused ? t("resume") : t("pause")}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={actions.zoomOut}>
          {t("zoomOut")}
        </Button>
        <CsvButton group={group} choice={choice} satelliteId={satelliteId} />
      </Toolbar>
      <Legend isReduced={isReduced} passes={data.passes.data?.passes.length ? { isOn: hasPasses } : null} />
      {data.verdicts.data?.is_truncated && <p className="dimmed satellite-note">{t("truncated")}</p>}
      {isEmpty && <NoTelemetry satelliteId={satelliteId} span={span} now={now} />}
      <div className="satellite-charts satellite-ruler" aria-hidden>
        <div ref={measure} />
      </div>
      <Charts groups={choice.groups} isLoading={data.telemetry.isLoading} group={group} actions={actions} />
    </>
  );
}

function Paused({ at }: { at: number }) {
  const { t } = useTranslation("satellite");
  return (
    <Alert color="yellow" variant="outline" role="status" p="xs">
      {t("paused", { time: formatUtc(at * 1000) })}
    </Alert>
  );
}

function Toolbar({
  group,
  isLoading,
  children,
}: {
  group: ChartGroup;
  isLoading: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation("satellite");
  return (
    <div className="satellite-toolbar">
      <TimeCursor group={group} />
      <Group gap="xs">
        {isLoading && (
          <span role="status" className="dimmed">
            {t("loading")}
          </span>
        )}
        {children}
      </Group>
    </div>
  );
}

function Charts({
  groups,
  isLoading,
  ...shared
}: {
  groups: Choice["groups"];
  isLoading: boolean;
} & Omit<ComponentProps<typeof ChannelChart>, "spec">) {
  const nameOf = useSubsystemName();
  return groups.map(({ subsystem, specs }) => (
    <Panel key={subsystem} title={nameOf(subsystem)}>
      <div className="satellite-charts" aria-busy={isLoading}>
        {specs.map((spec) => (
          <ChannelChart key={spec.key} spec={spec} {...shared} />
        ))}
      </div>
    </Panel>
  ));
}

type Sources = Pick<ReturnType<typeof useBoardData>, "forecasts" | "verdicts" | "episodes" | "passes">;

function firstError({ forecasts, verdicts, episodes, passes }: Sources): Error | null {
  return (
    verdicts.error ?? episodes.error ?? passes.error ?? forecasts.find(({ error }) => error)?.error ?? null
  );
}

function CsvButton({
  group,
  choice,
  satelliteId,
}: {
  group: ChartGroup;
  choice: Choice;
  satelliteId: string;
}) {
  const { t } = useTranslation("satellite");
  const save = () => {
    const channels = choice.groups.flatMap(({ specs }) =>
      specs.map(({ key, channel }) => ({ key, name: key.replace("/", "."), unit: channel.unit })),
    );
    const time = formatUtc(group.now * 1000).replaceAll(/[: ]/g, "-");
    download(
      `${satelliteId}-${choice.subsystem ?? "all"}-${time}.csv`,
      plotCsv(group.plot, channels, group.axis),
    );
  };
  return (
    <Button size="xs" variant="default" title={t("csvHint")} onClick={save}>
      {t("csv")}
    </Button>
  );
}
