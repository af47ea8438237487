import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { OperatorField } from "@/components/controls/operator-field";
import { Failure, Loading } from "@/components/states";
import {
  useDeadLetterAction,
  type Action,
  type Choice,
  type Outcome,
} from "@/features/dead-letters/api/dead-letters";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Says what an action would do before it does it. */
export function ActionDialog({
  action,
  choice,
  onClose,
}: {
  action: Action;
  choice: Choice;
  onClose: () => void;
}) {
  const { t } = useTranslation("dead-letters");
  const { mutate: count, ...counting } = useDeadLetterAction();
  const handling = useDeadLetterAction();
  const [operator, setOperator] = useState(operatorName);
  useEffect(() => count({ ...choice, action, operator: "dry run", dry_run: true }), [count, choice, action]);
  const outcome = handling.data ?? counting.data;
  const error = handling.error ?? counting.error;
  const name = operator.trim();
  const confirm = () => {
    keepOperatorName(name);
    handling.mutate({ ...choice, action, operator: name, dry_run: false });
  };
  return (
    <Modal opened onClose={onClose} title={t(`dialog.title.${action}`)}>
      <Stack gap="sm">
        {error && <Failure error={error} />}
        {outcome && <OutcomeText outcome={outcome} />}
        {!outcome && !error && <Loading rows={2} label={t("dialog.counting")} />}
        {!handling.data && <OperatorField value={operator} onChange={setOperator} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {handling.data ? t("dialog.close") : t("dialog.cancel")}
          </Button>
          {!handling.data && (
            <Button
              onClick={confirm}
              loading={handling.isPending}
              disabled={name === "" || !outcome || outcome.handled === 0}
            >
              {t(`dialog.confirm.${action}`)}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

function OutcomeText({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation("dead-letters");
  const tense = outcome.dry_run ? "would" : "done";
  return (
    <div role="status">
      <Text fw={700}>{t(`dialog.${tense}.${outcome.action}`, { count: outcome.handled })}</Text>
      <ul>
        {outcome.by_reason.map(({ source, reason, count }) => (
          <li key={`${source} ${reason}`}>
            {t(`source.${source}`)}: {reason} <strong>{count}</strong>
          </li>
        ))}
      </ul>
      {outcome.left_out > 0 && <Text size="sm">{t("dialog.leftOut", { count: outcome.left_out })}</Text>}
      {outcome.failed.map(({ reason, count }) => (
        <Text size="sm" key={reason}>
          {t("dialog.failed", { count, reason })}
        </Text>
      ))}
      {outcome.remaining > 0 && <Text size="sm">{t("dialog.remaining", { count: outcome.remaining })}</Text>}
    </div>
  );
}
