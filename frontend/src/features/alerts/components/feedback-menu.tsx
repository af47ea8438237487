import { Button, Popover, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { OperatorField } from "@/components/controls/operator-field";
import type { Feedback } from "@/features/alerts/api/get-alarm";
import { useSayWhatItWas } from "@/features/alerts/api/say-what-it-was";
import { FEEDBACK } from "@/features/alerts/data/actions";
import type { Alarm } from "@/features/alerts/states";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Says what an alarm was with a click that opens it and one on the word, and shows what was said last. */
export function FeedbackMenu({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const [isOpen, setOpen] = useState(false);
  const said = useSayWhatItWas(alarm.alarm_id);
  const say = (operator: string, feedback: Feedback) => {
    keepOperatorName(operator);
    said.mutate({ operator, feedback });
    setOpen(false);
  };
  if (alarm.is_withdrawn) return null;
  return (
    <div className="alert-above">
      <Popover opened={isOpen} onChange={setOpen} position="bottom-end" withinPortal trapFocus returnFocus>
        <Popover.Target>
          <Button
            size="compact-xs"
            variant="default"
            loading={said.isPending}
            onClick={() => setOpen(!isOpen)}
          >
            {alarm.feedback
              ? t("feedback.said", { word: t(`feedback.${alarm.feedback}`) })
              : t("feedback.say")}
          </Button>
        </Popover.Target>
        <Popover.Dropdown maw={340}>
          {isOpen && <Words chosen={alarm.feedback} onSay={say} />}
        </Popover.Dropdown>
      </Popover>
      {said.error && (
        <div role="alert" className="alert-refused">
          {t("actions.failed")}: {said.error.message}
        </div>
      )}
    </div>
  );
}

/** The words with what they mean; who says it is asked for where this browser does not know yet. */
function Words({
  chosen,
  onSay,
}: {
  chosen: Feedback | null;
  onSay: (operator: string, word: Feedback) => void;
}) {
  const { t } = useTranslation("alarms");
  const [isKnown] = useState(() => operatorName() !== "");
  const [operator, setOperator] = useState(operatorName);
  const name = operator.trim();
  return (
    <Stack gap="xs">
      {!isKnown && <OperatorField value={operator} onChange={setOperator} />}
      {FEEDBACK.map((word) => (
        <div key={word}>
          <Button
            size="xs"
            fullWidth
            variant={word === chosen ? "light" : "default"}
            aria-pressed={word === chosen}
            disabled={name === ""}
            onClick={() => onSay(name, word)}
          >
            {t(`feedback.${word}`)}
          </Button>
          <Text size="xs" c="dimmed">
            {t(`feedback.meaning.${word}`)}
          </Text>
        </div>
      ))}
      <Text size="xs" c="dimmed">
        {t("feedback.note")}
      </Text>
    </Stack>
  );
}
