import { Group, Modal, NativeSelect, NumberInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { askThreshold } from "@/features/limits/api/try-limit";
import { TrialPanel } from "@/features/limits/components/trial/trial-panel";

/** A verdict of such a score is an alarm on its own: no threshold is that high. */
const MOST = 0.95;

/** Tries another threshold of the score on stored verdicts; there is nothing to save. */
export function ThresholdDialog(props: {
  subsystems: readonly string[];
  inForce: number;
  onClose: () => void;
}) {
  const { t } = useTranslation("limits");
  const [subsystem, setSubsystem] = useState(props.subsystems[0] ?? "");
  const [threshold, setThreshold] = useState(props.inForce);
  return (
    <Modal opened onClose={props.onClose} size="xl" title={t("threshold.title")}>
      <Stack gap="sm">
        <Text size="sm">{t("threshold.intro", { inForce: props.inForce })}</Text>
        <Group gap="xs" align="end">
          <NativeSelect
            size="xs"
            label={t("columns.subsystem")}
            data={[...props.subsystems]}
            value={subsystem}
            onChange={({ currentTarget }) => setSubsystem(currentTarget.value)}
          />
          <NumberInput
            size="xs"
            label={t("threshold.tried")}
            min={0.05}
            max={MOST}
            step={0.05}
            clampBehavior="strict"
            value={threshold}
            onChange={(value) => {
              if (typeof value === "number" && value > 0) setThreshold(value);
            }}
          />
        </Group>
        <TrialPanel
          subject={{ of: "threshold", subsystem, unit: "" }}
          values={{ subsystem, threshold }}
          isSame={(tried, now) => tried.subsystem === now.subsystem && tried.threshold === now.threshold}
          ask={askThreshold}
        />
      </Stack>
    </Modal>
  );
}
