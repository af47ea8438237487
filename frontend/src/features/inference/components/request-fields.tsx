import { Group, NativeSelect, NumberInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Mission } from "@/api/get-mission";
import { CommitInput } from "@/components/controls/commit-input";
import type { InferenceSearch } from "@/features/inference/search";

const route = getRouteApi("/inference");

type Fields = { mission: Mission; problemOf: (field: string) => string | undefined };

/** What the request asks for besides the series; it stands in the address. */
export function RequestFields({ model, ...fields }: Fields & { model: string }) {
  return (
    <Group gap="sm" align="flex-start">
      <ModelFields model={model} {...fields} />
      <SeriesFields {...fields} />
    </Group>
  );
}

function ModelFields({ mission, model, problemOf }: Fields & { model: string }) {
  const { t } = useTranslation("inference");
  const search = route.useSearch();
  const choose = useChoose();
  return (
    <>
      <NativeSelect
        size="xs"
        label={t("request.model")}
        value={model}
        onChange={(event) => choose({ model: event.currentTarget.value })}
        data={mission.models}
        error={problemOf("model_name")}
      />
      <NumberInput
        size="xs"
        w={170}
        label={t("request.horizon")}
        placeholder={t("request.optional")}
        min={1}
        max={mission.max_horizon}
        allowDecimal={false}
        value={search.horizon ?? ""}
        onChange={(value) => choose({ horizon: numeric(value) })}
        error={problemOf("config.forecast_horizon")}
      />
      <NumberInput
        size="xs"
        w={190}
        label={t("request.window")}
        placeholder={t("request.optional")}
        min={1}
        allowDecimal={false}
        value={search.window ?? ""}
        onChange={(value) => choose({ window: numeric(value) })}
        error={problemOf("config.window_size")}
      />
    </>
  );
}

/** Of which channel and satellite the series is, and how often it was sampled. */
function SeriesFields({ mission, problemOf }: Fields) {
  const { t } = useTranslation("inference");
  const search = route.useSearch();
  const choose = useChoose();
  const channels = mission.subsystems.flatMap((subsystem) =>
    subsystem.channels.filter((channel) => channel.is_feature).map(({ name }) => `${subsystem.name}.${name}`),
  );
  return (
    <>
      <NativeSelect
        size="xs"
        label={t("request.channel")}
        value={search.channel ?? ""}
        onChange={(event) => choose({ channel: event.currentTarget.value || undefined })}
        data={[{ value: "", label: t("request.noChannel") }, ...channels]}
        error={problemOf(`subsystems.${search.channel}`)}
      />
      <NumberInput
        size="xs"
        w={230}
        label={t("request.interval")}
        description={t("request.intervalHint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        placeholder={t("request.optional")}
        min={0}
        value={search.interval ?? ""}
        onChange={(value) => choose({ interval: numeric(value) })}
        error={problemOf("config.interval_s")}
      />
      <CommitInput
        w={150}
        label={t("request.satellite")}
        placeholder={t("request.optional")}
        value={search.satellite ?? ""}
        onCommit={(satellite) => choose({ satellite: satellite || undefined })}
        error={problemOf("metadata.satellite_id")}
      />
    </>
  );
}

function useChoose() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (change: Partial<InferenceSearch>) =>
    void navigate({ search: { ...search, ...change }, replace: true });
}

function numeric(value: string | number): number | undefined {
  return typeof value === "number" ? value : undefined;
}
