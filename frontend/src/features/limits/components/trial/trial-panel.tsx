import { Alert, Button, Group, NumberInput, Progress, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Failure } from "@/components/states";
import type { Tried } from "@/features/limits/api/limits";
import { useTrial, type Ask, type Trial } from "@/features/limits/api/try-limit";
import { TrialResult, type Subject } from "@/features/limits/components/trial/trial-result";

const DAYS = 7;
const MOST_DAYS = 365;

type Props<V> = {
  subject: Subject;
  values: V;
  isSame: (tried: V, values: V) => boolean;
  ask: Ask<V>;
  /** What else is shown of a result. */
  children?: (values: V, result: Tried) => ReactNode;
};

/** Tries values on what is stored before they are saved. */
export function TrialPanel<V>(props: Props<V>) {
  const { t } = useTranslation("limits");
  const { trial, start, cancel } = useTrial(props.ask);
  const [days, setDays] = useState<number | string>(DAYS);
  const isRunning = trial.state === "running";
  const begin = () => {
    if (Number(days) > 0) void start(props.values, Number(days));
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
          <Button size="xs" variant="default" disabled={isRunning} onClick={begin}>
            {t(`trial.start.${props.subject.of}`)}
          </Button>
          {isRunning && (
            <Button size="xs" variant="default" onClick={cancel}>
              {t("trial.cancel")}
            </Button>
          )}
        </Group>
        <TrialState {...props} trial={trial} />
      </Stack>
    </section>
  );
}

function TrialState<V>({ subject, trial, values, isSame, children }: Props<V> & { trial: Trial<V> }) {
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
    return <Text size="sm">{t(`trial.nothing.${subject.of}`, { days: trial.days })}</Text>;
  return (
    <>
      {!isSame(trial.values, values) && (
        <Alert color="yellow" variant="outline" role="status">
          {t("trial.outdated")}
        </Alert>
      )}
      <TrialResult subject={subject} days={trial.days} result={trial.result} />
      {children?.(trial.values, trial.result)}
    </>
  );
}
