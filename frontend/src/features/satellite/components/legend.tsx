import { useTranslation } from "react-i18next";

import { useAddress } from "@/features/satellite/components/hooks/use-address";

const line = (y: number, dash?: string) => (
  <line x1="0" x2="26" y1={y} y2={y} strokeWidth="1.8" {...(dash ? { strokeDasharray: dash } : {})} />
);

const SYMBOLS = {
  actual: <g stroke="var(--chart-actual)">{line(6)}</g>,
  reduced: (
    <g stroke="var(--chart-actual)">
      <rect width="26" height="8" y="2" fill="var(--chart-actual)" fillOpacity=".4" stroke="none" />
      {line(2)}
      {line(10)}
    </g>
  ),
  forecast: <g stroke="var(--chart-forecast)">{line(6, "5 4")}</g>,
  band50: <rect width="26" height="8" y="2" fill="var(--chart-forecast)" fillOpacity=".45" />,
  band90: <rect width="26" height="12" fill="var(--chart-forecast)" fillOpacity=".18" />,
  nominal: (
    <g className="swatch-nominal">
      <rect width="26" height="12" />
      {line(0.9, "2 4")}
      {line(11.1, "2 4")}
    </g>
  ),
  limitValue: <g stroke="var(--status-critical)">{line(6, "6 3")}</g>,
  anomaly: (
    <>
      <rect width="26" height="12" fill="var(--chart-anomaly)" />
      <rect width="26" height="3" y="9" fill="var(--status-serious)" />
    </>
  ),
  limit: (
    <g stroke="var(--status-critical)" fill="none">
      <path d="M1 0v12M25 0v12M3 12 13 0M11 12 21 0" strokeWidth="1.4" />
    </g>
  ),
  mark: <path d="M8 1h10l-5 9Z" fill="var(--status-critical)" />,
  pass: (
    <>
      <rect width="26" height="12" fill="var(--chart-contact)" />
      <rect width="26" height="2" fill="var(--chart-actual)" />
    </>
  ),
  now: (
    <line x1="13" x2="13" y1="0" y2="12" stroke="var(--chart-text)" strokeWidth="1.5" strokeDasharray="1 3" />
  ),
};

const NAMES = [
  "forecast",
  "band50",
  "band90",
  "nominal",
  "limitValue",
  "anomaly",
  "limit",
  "mark",
  "now",
] as const;

/** What is drawn how, once for all charts; `passes` of a satellite with a contact plan can be hidden. */
export function Legend({ isReduced, passes }: { isReduced: boolean; passes: { isOn: boolean } | null }) {
  const { t } = useTranslation("satellite");
  return (
    <ul className="satellite-legend" aria-label={t("legend.title")}>
      {([isReduced ? "reduced" : "actual", ...NAMES] as const).map((name) => (
        <li key={name}>
          <Symbol name={name} />
          {t(`legend.${name}`)}
        </li>
      ))}
      {passes && <PassesItem isOn={passes.isOn} />}
    </ul>
  );
}

function Symbol({ name }: { name: keyof typeof SYMBOLS }) {
  return (
    <svg width="26" height="12" viewBox="0 0 26 12" aria-hidden>
      {SYMBOLS[name]}
    </svg>
  );
}

function PassesItem({ isOn }: { isOn: boolean }) {
  const { t } = useTranslation("satellite");
  const change = useAddress();
  return (
    <li>
      <button
        type="button"
        className="satellite-toggle"
        aria-pressed={isOn}
        title={t(isOn ? "legend.hidePasses" : "legend.showPasses")}
        onClick={() => change({ passes: isOn ? "hidden" : undefined })}
      >
        <Symbol name="pass" />
        {t("legend.pass")}
      </button>
    </li>
  );
}
