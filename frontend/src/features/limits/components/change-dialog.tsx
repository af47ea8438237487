import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";
import { Words } from "@/components/controls/words";
import { useChangeLimit, type Limit } from "@/features/limits/api/limits";
import { askLimit } from "@/features/limits/api/try-limit";
import { Origin } from "@/features/limits/components/origin";
import { TrialCurve } from "@/features/limits/components/trial/trial-curve";
import { TrialPanel } from "@/features/limits/components/trial/trial-panel";
import { ValueFields } from "@/features/limits/components/value-fields";
import { changedFields, keyOf, limitText } from "@/features/limits/data/values";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Changes one limit, or puts it back to the mission file; it takes a name and a reason. */
export function ChangeDialog({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const { t } = useTranslation("limits");
  const change = useChangeLimit(limit);
  const [values, setValues] = useState(limit.in_force);
  const [operator, setOperator] = useState(operatorName);
  const [comment, setComment] = useState("");
  const words = { operator: operator.trim(), comment: comment.trim() };
  const isComplete = Object.values(words).every(Boolean) && changedFields(values, limit.in_force).length > 0;
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isComplete || change.isPending) return;
    keepOperatorName(words.operator);
    change.mutate({ ...words, version: limit.version, values }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} size="xl" title={t("change.title", { name: keyOf(limit) })}>
      <form onSubmit={send}>
        <Stack gap="sm">
          {change.error && <Refusal error={change.error} />}
          <Text size="sm">
            {limit.channel}: <strong>{limitText(limit, t("anyChange"))}</strong>, <Origin limit={limit} />
          </Text>
          <ValueFields limit={limit} values={values} onChange={setValues} />
          <TrialPanel
            subject={{ of: "limit", subsystem: limit.subsystem, unit: limit.unit }}
            values={values}
            isSame={(tried, now) => changedFields(tried, now).length === 0}
            ask={askLimit(limit)}
          >
            {(tried, result) => <TrialCurve limit={limit} values={tried} result={result} />}
          </TrialPanel>
          <Words
            operator={operator}
            onOperator={setOperator}
            comment={comment}
            onComment={setComment}
            hint={t("change.hint")}
          />
          <Text size="sm">{t("change.effect")}</Text>
          <Group justify="space-between">
            <Button variant="default" onClick={() => setValues(limit.file)}>
              {t("change.toFile")}
            </Button>
            <Button type="submit" loading={change.isPending} disabled={!isComplete}>
              {t("change.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Refusal({ error }: { error: Error }) {
  const { t } = useTranslation("limits");
  const isConflict = error instanceof ApiError && error.status === 409;
  return (
    <Alert
      color={isConflict ? "yellow" : "red"}
      variant="outline"
      role="alert"
      title={isConflict ? t("change.conflict") : t("change.refused")}
    >
      {error.message}
    </Alert>
  );
}
