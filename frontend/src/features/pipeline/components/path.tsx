import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { StatusText } from "@/components/status/status-text";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { stepsOf, type Step } from "@/features/pipeline/data/path";
import { Value } from "@/features/pipeline/components/figure";

/** The way of a message through the platform; each station leads to its numbers. */
export function Path({ pipeline }: { pipeline: Pipeline }) {
  const { t } = useTranslation("pipeline");
  return (
    <ol className="pipeline-path" aria-label={t("path.title")}>
      {stepsOf(pipeline).map((step) => (
        <Station key={step.name} step={step} />
      ))}
    </ol>
  );
}

function Station({ step: { name, part, state, figure } }: { step: Step }) {
  const { t } = useTranslation("pipeline");
  return (
    <li>
      <Link
        to="/pipeline"
        hash={part}
        className="pipeline-station"
        data-state={state}
        activeOptions={{ includeHash: true }}
        title={t("path.hint")}
      >
        <strong>{t(`steps.${name}`)}</strong>
        <StatusText status={state} text={t(`states.${state}`)} />
        <span className="pipeline-station-figure">
          <Value value={figure} unit={t(`figures.${name}`)} />
        </span>
      </Link>
    </li>
  );
}
