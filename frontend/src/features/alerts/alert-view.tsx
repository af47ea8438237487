import "@/features/alerts/alerts.css";

import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AnomaliesBehind } from "@/components/verdicts/anomalies-behind";
import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Loading } from "@/components/states";
import { useSubsystemName } from "@/components/subsystem-name";
import { useAlert, type AlertDetail } from "@/features/alerts/api/get-alert";
import { useAlarm } from "@/features/alerts/api/get-alarm";
import { AcknowledgementPanel } from "@/features/alerts/components/acknowledgement-panel";
import { ActionPanel } from "@/features/alerts/components/alarm/action-panel";
import { SeverityText, useKindText } from "@/features/alerts/components/alert-words";
import { OtherAlarms } from "@/features/alerts/components/alarm/other-alarms";
import { TimeLine } from "@/features/alerts/components/alarm/time-line";
import { FactsPanel } from "@/features/alerts/components/facts-panel";
import { ScorePanel } from "@/features/alerts/components/score-panel";
import { VerdictPanel } from "@/features/alerts/components/verdict-panel";
import { WhyPanel } from "@/features/alerts/components/why-panel";

const route = getRouteApi("/alerts/$alertId");

/** One alert: why it stands, how it went on, who took note of it. */
export function AlertView() {
  const { t } = useTranslation("alerts");
  const { alertId } = route.useParams();
  const alert = useAlert(alertId);
  const subsystemName = useSubsystemName();
  const kindText = useKindText();
  const title = alert.data
    ? `${alert.data.satellite_id} · ${subsystemName(alert.data.subsystem)} · ${kindText(alert.data)}`
    : t("title");
  return (
    <Page
      title={title}
      controls={
        <div className="alert-head">
          {alert.data && <SeverityText alert={alert.data} />}
          <Link to="/alerts" className="alert-plain">
            ← {t("back")}
          </Link>
        </div>
      }
    >
      <QueryView query={alert} loading={<Loading rows={10} />}>
        {(data) => (
          <>
            {data.kind === "anomaly" && <AnomaliesBehind seconds={data.anomalies_behind_s} />}
            <Detail key={alertId} alert={data} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

/** The address may name any moment within an alert; its alarm has one name. */
function Detail({ alert }: { alert: AlertDetail }) {
  const alarm = useAlarm(alert.alert_id);
  return (
    <div className="alert-detail">
      <div className="alert-column">
        <WhyPanel alert={alert} alarmKind={alarm.data?.kind} />
        {alert.verdict_count > 0 && <ScorePanel verdicts={alert.verdicts} />}
        <VerdictPanel verdicts={alert.verdicts} />
        {alarm.data && <TimeLine events={alarm.data.events} />}
      </div>
      <div className="alert-column alert-side">
        <QueryView query={alarm}>{(data) => <ActionPanel alarm={data} />}</QueryView>
        <AcknowledgementPanel history={alert.history} />
        <FactsPanel alert={alert} alarm={alarm.data} />
        {alarm.data && <OtherAlarms alarm={alarm.data} />}
      </div>
    </div>
  );
}
