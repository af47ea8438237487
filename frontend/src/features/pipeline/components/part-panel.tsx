import { useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Panel } from "@/components/page";
import { StatusSymbol } from "@/components/status/status-symbol";
import { StatusText } from "@/components/status/status-text";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import type { PartName } from "@/features/pipeline/data/path";

/** One part: its state, why and what to do, its numbers, the manual's thresholds. */
export function PartPanel({
  name,
  part,
  rule,
  scope,
  isWaitingCounted = false,
  children,
}: {
  name: PartName;
  part: Pick<Pipeline[PartName], "state" | "detail">;
  rule?: string;
  /** What the numbers are about, beside the title. */
  scope?: string;
  /** Whether the numbers tell what waits: words that come and go every second would make the view jump. */
  isWaitingCounted?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation("pipeline");
  const isFocused = useLocation({ select: (location) => location.hash === name });
  const hasDetail = part.detail !== "" && !(part.state === "standby" && isWaitingCounted);
  return (
    <div id={name} className="pipeline-part" data-state={part.state} data-focused={isFocused || undefined}>
      <Panel
        title={t(`parts.${name}`)}
        controls={
          <>
            {scope && <span className="pipeline-scope">{scope}</span>}
            <StatusText status={part.state} text={t(`states.${part.state}`)} />
          </>
        }
      >
        {hasDetail && <Detail part={part} />}
        {children}
        {rule && <p className="pipeline-rules">{rule}</p>}
      </Panel>
    </div>
  );
}

function Detail({ part }: { part: Pick<Pipeline[PartName], "state" | "detail"> }) {
  return (
    <p className="pipeline-detail">
      <StatusSymbol status={part.state} size={14} />
      <span lang="en">{part.detail}</span>
    </p>
  );
}
