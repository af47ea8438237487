import "@/features/limits/limits.css";

import { Alert, Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useMission } from "@/api/get-mission";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Empty, Failure } from "@/components/states";
import { useLimits, useMissionFile } from "@/features/limits/api/limits";
import { ChangeDialog } from "@/features/limits/components/change-dialog";
import { HistoryDialog } from "@/features/limits/components/history-dialog";
import { ThresholdDialog } from "@/features/limits/components/threshold-dialog";
import { LimitTable, type Choice } from "@/features/limits/components/limit-table";
import { keyOf } from "@/features/limits/data/values";
import { download } from "@/lib/csv";

/** The limits in force, beside what the mission file says: changed here, for all services, without a restart. */
export function LimitsView() {
  const { t } = useTranslation("limits");
  const limits = useLimits();
  const [choice, setChoice] = useState<Choice | null>(null);
  const chosen = limits.data?.limits.find((limit) => choice && keyOf(limit) === choice.key);
  const close = () => setChoice(null);
  return (
    <Page title={t("title")} controls={<Controls mission={limits.data?.mission ?? "mission"} />}>
      <Text size="sm">{t("intro")}</Text>
      <QueryView query={limits}>
        {(data) => (
          <>
            {data.unfit.map((change) => (
              <Alert
                key={keyOf(change)}
                color="yellow"
                variant="outline"
                role="alert"
                title={t("unfit.title")}
              >
                {t("unfit.text", { name: keyOf(change), operator: change.operator, problem: change.problem })}
              </Alert>
            ))}
            {data.limits.length > 0 ? (
              <LimitTable limits={data.limits} onChoose={setChoice} />
            ) : (
              <Empty title={t("empty.title")}>{t("empty.text")}</Empty>
            )}
          </>
        )}
      </QueryView>
      {chosen && choice?.dialog === "change" && <ChangeDialog limit={chosen} onClose={close} />}
      {chosen && choice?.dialog === "history" && <HistoryDialog limit={chosen} onClose={close} />}
    </Page>
  );
}

function Controls({ mission }: { mission: string }) {
  const { t } = useTranslation("limits");
  const description = useMission();
  const [isOpen, setOpen] = useState(false);
  const file = useMissionFile();
  const save = () =>
    file.mutate(undefined, { onSuccess: (text) => download(`${mission}.yaml`, text, "application/yaml") });
  return (
    <Group gap="sm">
      {file.error && <Failure error={file.error} />}
      <Button size="xs" variant="default" disabled={!description.data} onClick={() => setOpen(true)}>
        {t("threshold.open")}
      </Button>
      <Button size="xs" variant="default" loading={file.isPending} onClick={save}>
        {t("export")}
      </Button>
      {isOpen && description.data && (
        <ThresholdDialog
          subsystems={description.data.subsystems.map(({ name }) => name)}
          inForce={description.data.anomaly_threshold}
          onClose={() => setOpen(false)}
        />
      )}
    </Group>
  );
}
