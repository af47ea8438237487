import "@/features/alerts/alerts.css";

import type { UseQueryResult } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AnomaliesBehind } from "@/components/verdicts/anomalies-behind";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Loading } from "@/components/states";
import { useSubsystemName } from "@/components/subsystem-name";
import { useAlert, type AlertDetail } from "@/features/alerts/api/get-alert";
import { useAlarm, type AlarmDetail } from "@/features/alerts/api/get-alarm";
import { AcknowledgementPanel } from "@/features/alerts/components/acknowledgement-panel";
import { ActionPanel } from "@/features/alerts/components/alarm/action-panel";
import { placeOf, SeverityText, useKindText } from "@/features/alerts/components/alarm-words";
import { OtherAlarms } from "@/features/alerts/components/alarm/other-alarms";
import { TimeLine } from "@/features/alerts/components/alarm/time-line";
import { FactsPanel } from "@/features/alerts/components/facts-panel";
import { ScorePanel } from "@/features/alerts/components/score-panel";
import { VerdictPanel } from "@/features/alerts/components/verdict-panel";
import { WhyPanel } from "@/features/alerts/components/why-panel";

const route = getRouteApi("/alerts/$alertId");

/** About no satellite's telemetry, so that no verdict explains them. */
const UNJUDGED: readonly AlarmDetail["kind"][] = ["platform", "flood"];

/** One alarm: why it stands, how it went on, who took note of it. */
export function AlertView() {
  const { t } = useTranslation("alerts");
  const { alertId } = route.useParams();
  const alarm = useAlarm(alertId);
  // An address may name any moment within an alarm: then only its verdicts tell which one that is.
  const isExplained = alarm.data ? !UNJUDGED.includes(alarm.data.kind) : alarm.isError;
  const alert = useAlert(alertId, isExplained);
  const subsystemName = useSubsystemName();
  const kindText = useKindText();
  if (alert.data && alert.data.alert_id !== alertId)
    return <Navigate to="/alerts/$alertId" params={{ alertId: alert.data.alert_id }} replace />;
  const title = alarm.data
    ? [...new Set([placeOf(alarm.data), subsystemName(alarm.data.subsystem), kindText(alarm.data)])].join(
        " · ",
      )
    : t("title");
  return (
    <Page
      title={title}
      controls={
        <div className="alert-head">
          {alarm.data && <SeverityText alarm={alarm.data} />}
          <Link to="/alerts" className="alert-plain">
            ← {t("back")}
          </Link>
        </div>
      }
    >
      {alarm.isError && alert.isPending ? (
        <Loading rows={10} />
      ) : (
        <QueryView query={alarm} loading={<Loading rows={10} />}>
          {(data) => <Detail key={alertId} alarm={data} alert={alert} isExplained={isExplained} />}
        </QueryView>
      )}
    </Page>
  );
}

function Detail({
  alarm,
  alert,
  isExplained,
}: {
  alarm: AlarmDetail;
  alert: UseQueryResult<AlertDetail>;
  isExplained: boolean;
}) {
  return (
    <div className="alert-detail">
      <div className="alert-column">
        {isExplained && (
          <QueryView query={alert}>{(data) => <Explanation alert={data} alarm={alarm} />}</QueryView>
        )}
        <TimeLine events={alarm.events} />
      </div>
      <div className="alert-column alert-side">
        <ActionPanel alarm={alarm} />
        {alert.data && <AcknowledgementPanel history={alert.data.history} />}
        <FactsPanel alarm={alarm} why={alert.data?.why ?? null} />
        <OtherAlarms alarm={alarm} />
      </div>
    </div>
  );
}

/** What the verdicts say of an alarm. */
function Explanation({ alert, alarm }: { alert: AlertDetail; alarm: AlarmDetail }) {
  return (
    <>
      {alert.kind === "anomaly" && <AnomaliesBehind seconds={alert.anomalies_behind_s} />}
      <WhyPanel alert={alert} alarm={alarm} />
      {alert.verdict_count > 0 && <ScorePanel verdicts={alert.verdicts} />}
      <VerdictPanel verdicts={alert.verdicts} />
    </>
  );
}
