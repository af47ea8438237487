import { Alert, Button, Modal, Stack, Text } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { Words } from "@/components/controls/words";
import { useChangeRetirement } from "@/features/satellite/api/change-retirement";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Retires a satellite, or takes a retired one back; it takes a name and a reason. */
export function RetirementDialog({
  satelliteId,
  isRetired,
  onClose,
}: {
  satelliteId: string;
  isRetired: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation("satellite");
  const change = useChangeRetirement(satelliteId, isRetired);
  const [operator, setOperator] = useState(operatorName);
  const [comment, setComment] = useState("");
  const words = { operator: operator.trim(), comment: comment.trim() };
  const isComplete = Object.values(words).every(Boolean);
  const kind = isRetired ? "back" : "away";
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isComplete || change.isPending) return;
    keepOperatorName(words.operator);
    change.mutate(words, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={t(`retirement.${kind}.title`, { satellite: satelliteId })}>
      <form onSubmit={send}>
        <Stack gap="sm">
          {change.error && (
            <Alert color="yellow" variant="outline" role="alert" title={t("retirement.refused")}>
              {change.error.message}
            </Alert>
          )}
          <Text size="sm">{t(`retirement.${kind}.effect`)}</Text>
          <Words
            operator={operator}
            onOperator={setOperator}
            comment={comment}
            onComment={setComment}
            hint={t(`retirement.${kind}.hint`)}
          />
          <Button type="submit" loading={change.isPending} disabled={!isComplete}>
            {t(`retirement.${kind}.send`)}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
