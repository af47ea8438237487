import { useTranslation } from "react-i18next";

import type { ChannelShare } from "@/features/alerts/api/get-alert";
import { RangeStrip } from "@/features/alerts/components/range-strip";
import { formatValue, placementOf, type Placement } from "@/features/alerts/data/evidence";
import { formatUtc } from "@/lib/time";

type Channel = ChannelShare;

const FAMILIES = ["residual", "statistics", "subsequence", "change"] as const;

/** What one channel contributed, by family of detectors, and where its value lies against what was expected. */
export function ChannelEvidence({ channel }: { channel: Channel }) {
  return (
    <li className="evidence">
      <div className="alert-line">
        <strong className="evidence-name">{channel.channel}</strong>
        <strong className="numeric">{percent(channel.share)}</strong>
      </div>
      <ShareBar channel={channel} />
      <Families families={channel.families} />
      <Values channel={channel} />
    </li>
  );
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.095 ? 1 : 0)} %`;

function ShareBar({ channel }: { channel: Channel }) {
  return (
    <div className="evidence-bar" aria-hidden>
      {Object.entries(channel.families).map(([family, share]) => (
        <span key={family} data-family={family} style={{ width: `${share * 100}%` }} />
      ))}
    </div>
  );
}

function Families({ families }: { families: Channel["families"] }) {
  const { t } = useTranslation("alerts");
  const entries = Object.entries(families).sort(([, a], [, b]) => b - a);
  return (
    <div className="evidence-families dimmed numeric">
      {entries.map(([family, share]) => {
        const known = FAMILIES.find((name) => name === family);
        return (
          <span key={family}>
            <i data-family={family} aria-hidden /> {known ? t(`family.${known}`) : family} {percent(share)}
          </span>
        );
      })}
    </div>
  );
}

function Values({ channel }: { channel: Channel }) {
  const { t } = useTranslation("alerts");
  const { unit, actual, expected, lower_90, upper_90, expected_from, nominal } = channel;
  return (
    <>
      <RangeStrip channel={channel} />
      <dl className="evidence-values numeric">
        <div>
          <dt>{t("why.actual")}</dt>
          <dd>
            <strong>
              {formatValue(actual)} {unit}
            </strong>
          </dd>
        </div>
        <div>
          <dt>{t("why.expected")}</dt>
          {expected === null ? (
            <dd className="dimmed">{t("why.noForecast")}</dd>
          ) : (
            <dd>
              {formatValue(expected)} {unit}{" "}
              <span className="dimmed">
                {lower_90 !== null &&
                  upper_90 !== null &&
                  t("why.band", { low: formatValue(lower_90), high: formatValue(upper_90) })}
                {expected_from && `, ${t("why.made", { time: formatUtc(expected_from) })}`}
              </span>{" "}
              <Place placement={placementOf(actual, lower_90, upper_90)} />
            </dd>
          )}
        </div>
        {nominal && (
          <div>
            <dt>{t("why.nominal")}</dt>
            <dd>
              {formatValue(nominal[0])} … {formatValue(nominal[1])} {unit}{" "}
              <Place placement={placementOf(actual, nominal[0], nominal[1])} />
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

const ARROWS: Record<Placement, string> = { below: "▼", within: "✓", above: "▲" };

function Place({ placement }: { placement: Placement | null }) {
  const { t } = useTranslation("alerts");
  if (!placement) return null;
  return (
    <span className={placement === "within" ? "dimmed" : "evidence-outside"}>
      {ARROWS[placement]} {t(`why.place.${placement}`)}
    </span>
  );
}
