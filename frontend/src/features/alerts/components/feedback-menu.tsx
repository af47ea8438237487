import { Alert as Notice, Button, Popover, Stack, Text } from "@mantine/core";
import { useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { OperatorField } from "@/components/controls/operator-field";
import type { Feedback } from "@/features/alerts/api/get-alarm";
import { useSayWhatItWas } from "@/features/alerts/api/say-what-it-was";
import { FEEDBACK } from "@/features/alerts/data/actions";
import type { Alarm } from "@/features/alerts/states";
import { keepOperatorName, operatorName } from "@/lib/operator-name";

/** Else a press beside the open words would close them before the click that is meant to. */
const keepOpen = (event: SyntheticEvent) => event.stopPropagation();

/**
 * Says what an alarm was with a click that opens the words and one on a word; shows what was said last. A list has
 * many, so it is a plain button until it is opened.
 */
export function FeedbackMenu({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation("alarms");
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  if (alarm.is_withdrawn) return null;
  return (
    <div className="alert-above">
      <button
        ref={button}
        type="button"
        className="alert-say"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onMouseDown={keepOpen}
        onTouchStart={keepOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {alarm.feedback ? t("feedback.said", { word: t(`feedback.${alarm.feedback}`) }) : t("feedback.say")}
      </button>
      {isOpen && <Words alarm={alarm} onDone={close} />}
    </div>
  );
}

/** The words with what they mean; they stay until the server has what was said. */
function Words({ alarm, onDone }: { alarm: Alarm; onDone: () => void }) {
  const { t } = useTranslation("alarms");
  const said = useSayWhatItWas(alarm.alarm_id);
  const [isKnown] = useState(() => operatorName() !== "");
  const [operator, setOperator] = useState(operatorName);
  const name = operator.trim();
  const say = (feedback: Feedback) => {
    keepOperatorName(name);
    said.mutate({ operator: name, feedback }, { onSuccess: onDone });
  };
  return (
    <Popover opened onChange={onDone} position="bottom-start" withinPortal trapFocus withRoles={false}>
      <Popover.Target>
        <span className="alert-said-place" />
      </Popover.Target>
      <Popover.Dropdown maw={340} role="dialog" aria-label={t("feedback.say")}>
        <Stack gap="xs">
          {said.error && (
            <Notice color="red" variant="outline" role="alert" title={t("actions.failed")}>
              {said.error.message}
            </Notice>
          )}
          {!isKnown && <OperatorField value={operator} onChange={setOperator} />}
          {FEEDBACK.map((word) => (
            <Word
              key={word}
              word={word}
              isChosen={word === alarm.feedback}
              isDisabled={name === "" || said.isPending}
              onSay={say}
            />
          ))}
          <Text size="xs" c="dimmed">
            {t("feedback.note")}
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Word({
  word,
  isChosen,
  isDisabled,
  onSay,
}: {
  word: Feedback;
  isChosen: boolean;
  isDisabled: boolean;
  onSay: (word: Feedback) => void;
}) {
  const { t } = useTranslation("alarms");
  return (
    <div>
      <Button
        size="xs"
        fullWidth
        variant={isChosen ? "light" : "default"}
        aria-pressed={isChosen}
        disabled={isDisabled}
        onClick={() => onSay(word)}
      >
        {t(`feedback.${word}`)}
      </Button>
      <Text size="xs" c="dimmed">
        {t(`feedback.meaning.${word}`)}
      </Text>
    </div>
  );
}
