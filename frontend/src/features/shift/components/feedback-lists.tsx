import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useReasonText } from "@/components/reason-text";
import { useSubsystemName } from "@/components/subsystem-name";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";

const HASH_DIGITS = 12;

/** What operators said of alarms: by rule, channel, model and day. */
export function FeedbackLists({ feedback }: { feedback: Schemas["Feedback"] }) {
  const { t } = useTranslation("shift");
  const subsystemName = useSubsystemName();
  const reasonText = useReasonText();
  const counts = useCounts();
  const rule: Cells<Schemas["RuleFeedback"]> = [
    [t("subsystem"), ({ subsystem }) => subsystemName(subsystem)],
    [t("reason"), ({ reason }) => reasonText(reason)],
    ...counts,
  ];
  const channel: Cells<Schemas["ChannelFeedback"]> = [
    [t("subsystem"), ({ subsystem }) => subsystemName(subsystem)],
    [t("feedback.channel"), ({ channel: name }) => name],
    ...counts,
  ];
  const model: Cells<Schemas["ModelFeedback"]> = [
    [t("feedback.model"), ({ model_name, model_version }) => `${model_name} ${model_version ?? ""}`],
    [t("feedback.calibration"), ({ calibration_hash: hash }) => hash?.slice(0, HASH_DIGITS) ?? "–"],
    ...counts,
  ];
  const day: Cells<Schemas["DayFeedback"]> = [[t("feedback.day"), (row) => row.day], ...counts];
  const nothing = t("feedback.none");
  return (
    <>
      <ListPanel title={t("feedback.byRule")} rows={feedback.by_rule} cells={rule} nothing={nothing} />
      {feedback.by_rule.length > 0 && (
        <>
          <ListPanel
            title={t("feedback.byChannel")}
            rows={feedback.by_channel}
            cells={channel}
            nothing={t("none")}
          />
          <ListPanel
            title={t("feedback.byModel")}
            rows={feedback.by_model}
            cells={model}
            nothing={t("none")}
          />
          <ListPanel title={t("feedback.byDay")} rows={feedback.by_day} cells={day} nothing={t("none")} />
        </>
      )}
      <p className="dimmed shift-nothing">{t("feedback.note")}</p>
    </>
  );
}

function useCounts(): Cells<Omit<Schemas["DayFeedback"], "day">> {
  const { t } = useTranslation("shift");
  return [
    [t("feedback.false"), ({ false_alarm }) => false_alarm],
    [t("feedback.rare"), ({ rare_nominal }) => rare_nominal],
    [t("feedback.true"), ({ true_alarm }) => true_alarm],
    [t("feedback.known"), ({ known }) => known],
  ];
}
