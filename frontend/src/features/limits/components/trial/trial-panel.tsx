import { Alert, Button, Group, NumberInput, Progress, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { RoleButton } from "@/components/controls/role-button";
import { Failure } from "@/components/states";
import type { Limit, LimitValues } from "@/features/limits/api/limits";
import { useTrial, type Trial } from "@/features/limits/api/try-limit";
import { TrialResult } from "@/features/limits/components/trial/trial-result";
import { changedFields } from "@/features/limits/data/values";

const DAYS = 7;
const MOST_DAYS = 365;

/** Tries the values of a limit on stored telemetry before they are saved. */
export function TrialPanel({ limit, values }: { limit: Limit; values: LimitValues }) {
  const { t } = useTranslation("limits");
  const { trial, start, cancel } = useTrial(limit);
  const [days, setDays] = useState<number | string>(DAYS);
  const isRunning = trial.state === "running";
  const begin = () => {
    if (Number(days) > 0) void start(values, Number(days));
  };
  return (
    <section className="limit-trial" aria-label={t("trial.title")}>
      <Stack gap="xs">
        <Group gap="xs" align="end">
          <NumberInput
            size="xs"
            label={t("trial.days")}
            min={0.01}
            max={MOST_DAYS}
            value={days}
            onChange={setDays}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              // Not the form's: it would save the limit.
              event.preventDefault();
              begin();
            }}
          />
          <RoleButton needs="operator" size="xs" variant="default" disabled={isRunning} onClick={begin}>
            {t("trial.start")}
          </RoleButton>
          {isRunning && (
            <Button size="xs" variant="default" onClick={cancel}>
              {t("trial.cancel")}
            </Button>
          )}
        </Group>
        <TrialState limit={limit} trial={trial} values={values} />
      </Stack>
    </section>
  );
}

function TrialState({ limit, trial, values }: { limit: Limit; trial: Trial; values: LimitValues }) {
  const { t } = useTranslation("limits");
  if (trial.state === "idle") return null;
  if (trial.state === "failed") return <Failure error={trial.error} />;
  if (trial.state === "running") {
    const text = t("trial.running", { read: trial.read, of: trial.of });
    return (
      <div role="status">
        <Text size="sm">{text}</Text>
        <Progress value={trial.of ? (100 * trial.read) / trial.of : 0} aria-label={text} />
      </div>
    );
  }
  if (!trial.result?.satellites.some(({ samples }) => samples > 0))
    return <Text size="sm">{t("trial.nothing", { days: trial.days })}</Text>;
  return (
    <>
      {changedFields(trial.values, values).length > 0 && (
        <Alert color="yellow" variant="outline" role="status">
          {t("trial.outdated")}
        </Alert>
      )}
      <TrialResult limit={limit} values={trial.values} days={trial.days} result={trial.result} />
    </>
  );
}
