import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatBytes, formatMeasure, formatPercent } from "@/features/pipeline/data/figures";
import { Figure, Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";
import { Name } from "@/features/pipeline/components/rows-table";

/** The devices that Triton computes on. */
export function GpuPanel({ part }: { part: Pipeline["gpu"] }) {
  return (
    <PartPanel name="gpu" part={part}>
      {part.devices.map((device) => (
        <Device key={device.uuid} device={device} />
      ))}
    </PartPanel>
  );
}

function Device({ device }: { device: Schemas["Gpu"] }) {
  const { t } = useTranslation("pipeline");
  const [used, total] = [formatBytes(device.memory_used_bytes), formatBytes(device.memory_total_bytes)];
  return (
    <dl className="pipeline-list">
      <Figure label={t("gpu.device")}>
        <Name>{device.uuid}</Name>
      </Figure>
      <Figure label={t("gpu.utilization")} rule={t("gpu.utilizationRule")}>
        <Value value={formatPercent(device.utilization_percent)} unit="%" />
      </Figure>
      <Figure label={t("gpu.memory")} rule={t("gpu.memoryRule")}>
        <Value value={used} unit={total === null ? undefined : `/ ${total}`} />
      </Figure>
      <Figure label={t("gpu.power")}>
        <Value value={formatMeasure(device.power_w)} unit="W" />
      </Figure>
    </dl>
  );
}
