import { MultiSelect, SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Mission } from "@/api/get-mission";
import { ALL, type Choice } from "@/features/satellite/drawing/chart-spec";
import { useAddress } from "@/features/satellite/components/hooks/use-address";
import { useSubsystemName } from "@/components/subsystem-name";

/** Which charts: a subsystem or all, and of it some channels. */
export function SubsystemControls({ mission, choice }: { mission: Mission; choice: Choice }) {
  const { t } = useTranslation("satellite");
  const change = useAddress();
  const nameOf = useSubsystemName();
  const first = mission.subsystems[0]?.name;
  const names = mission.subsystems.map(({ name }) => ({ value: name, label: nameOf(name) }));
  return (
    <div className="satellite-choices">
      <SegmentedControl
        size="xs"
        withItemsBorders={false}
        aria-label={t("subsystem")}
        value={choice.subsystem ?? ALL}
        data={[...names, { value: ALL, label: t("all") }]}
        onChange={(value) => change({ subsystem: value === first ? undefined : value, channels: undefined })}
      />
      <MultiSelect
        size="xs"
        className="satellite-channels"
        aria-label={t("channels")}
        placeholder={choice.channels ? "" : t("everyChannel")}
        data={choice.offered}
        value={choice.channels ?? []}
        onChange={(channels) => change({ channels: channels.length > 0 ? channels : undefined })}
        searchable
        clearable
      />
    </div>
  );
}
