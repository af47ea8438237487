import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { StatusText } from "@/components/status/status-text";
import { UtcTime } from "@/components/utc-time";

import { worstFirst } from "@/features/pipeline/data/alerts";
import type { Pipeline } from "@/features/pipeline/api/get-pipeline";

/** What is not as it should be, worst first; nothing is said to be normal while nothing is heard. */
export function Summary({ pipeline, isOld }: { pipeline: Pipeline; isOld: boolean }) {
  const { t } = useTranslation("pipeline");
  const alerts = worstFirst(pipeline.alerts);
  const quiet = isOld ? "standby" : "normal";
  return (
    <section
      aria-label={t("summary.title")}
      className="pipeline-summary"
      data-state={alerts[0]?.state ?? quiet}
    >
      <p className="pipeline-as-of">
        {t("asOf")} <UtcTime time={pipeline.generated_at} />
      </p>
      {alerts.length === 0 ? (
        <strong>
          <StatusText status={quiet} text={isOld ? t("summary.wasNormal") : t("summary.normal")} />
        </strong>
      ) : (
        <Alerts alerts={alerts} isOld={isOld} />
      )}
    </section>
  );
}

function Alerts({ alerts, isOld }: { alerts: Schemas["PipelineAlert"][]; isOld: boolean }) {
  const { t } = useTranslation("pipeline");
  return (
    <>
      <strong>{isOld ? t("summary.old") : t("summary.title")}</strong>
      <ul>
        {alerts.map((alert) => (
          <Row key={`${alert.part} ${alert.message}`} alert={alert} />
        ))}
      </ul>
    </>
  );
}

function Row({ alert: { part, state, message } }: { alert: Schemas["PipelineAlert"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <li>
      <StatusText status={state} text={t(`states.${state}`)} />
      <strong>{t(`parts.${part}` as "parts.kafka", { defaultValue: part })}</strong>
      <span lang="en">{message}</span>
    </li>
  );
}
