import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Limit, LimitValues, Tried } from "@/features/limits/api/limits";
import { TrialChart } from "@/features/limits/components/trial/trial-chart";
import { mostChanged } from "@/features/limits/data/trial";

/** What one of the satellites measured, chosen by the operator, with both limits. */
export function TrialCurve(props: { limit: Limit; values: LimitValues; result: Tried }) {
  const { t } = useTranslation("limits");
  const [chosen, setChosen] = useState<string | null>(null);
  const { result } = props;
  const heard = result.satellites.filter(({ samples }) => samples > 0);
  const satellite = heard.find(({ satellite_id: id }) => id === chosen)?.satellite_id ?? mostChanged(result);
  if (satellite === null) return null;
  return (
    <>
      <NativeSelect
        size="xs"
        label={t("trial.satellite")}
        value={satellite}
        onChange={({ currentTarget }) => setChosen(currentTarget.value)}
        data={heard.map(({ satellite_id: id, before, after }) => ({
          value: id,
          label: t("trial.ofSatellite", { id, before, after }),
        }))}
      />
      <TrialChart {...props} satelliteId={satellite} />
    </>
  );
}
