import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Facts } from "@/components/facts";
import { timelineOf } from "@/features/jobs/stages";
import { formatMs } from "@/lib/numbers";

/** Where the time of a job went: as bars from its dispatch on, and in numbers. */
export function StageTimeline({ stages }: { stages: Schemas["JobStages"] }) {
  const { t } = useTranslation("jobs");
  const timeline = timelineOf(stages);
  return (
    <div className="stages">
      <Facts
        facts={[
          [t("job.stage.waited"), formatMs(stages.waited_ms)],
          [t("job.stage.processed"), formatMs(stages.processed_ms)],
          [t("job.stage.inference"), formatMs(stages.inference_ms)],
          [t("job.stage.total"), formatMs(stages.total_ms)],
        ]}
      />
      {timeline.totalMs > 0 && (
        <div className="stage-bars" aria-hidden>
          {timeline.stages.map(({ name, startMs, lengthMs }) => (
            <span
              key={name}
              className={`stage-bar stage-${name}`}
              style={{
                insetInlineStart: `${(100 * startMs) / timeline.totalMs}%`,
                inlineSize: `${(100 * lengthMs) / timeline.totalMs}%`,
              }}
            >
              {t(`job.stage.${name}`)}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
