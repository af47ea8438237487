import "@/features/pipeline/pipeline.css";
import "@/features/pipeline/components/panels/panels.css";

import { Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { useLiveState } from "@/lib/live/live-context";

import { usePipeline, type Pipeline } from "@/features/pipeline/api/get-pipeline";
import { DatabasePanel } from "@/features/pipeline/components/panels/database-panel";
import { GpuPanel } from "@/features/pipeline/components/panels/gpu-panel";
import { KafkaPanel } from "@/features/pipeline/components/panels/kafka-panel";
import { PassedOverPanel } from "@/features/pipeline/components/panels/passed-over-panel";
import { Path } from "@/features/pipeline/components/path";
import { RabbitmqPanel } from "@/features/pipeline/components/panels/rabbitmq-panel";
import { SearchPanel } from "@/features/pipeline/components/panels/search-panel";
import { PipelineSkeleton } from "@/features/pipeline/components/skeleton";
import { Summary } from "@/features/pipeline/components/summary";
import { ToolLinks } from "@/features/pipeline/components/tool-links";
import { TritonPanel } from "@/features/pipeline/components/panels/triton-panel";
import { VerdictsPanel } from "@/features/pipeline/components/panels/verdicts-panel";
import { VictoriaMetricsPanel } from "@/features/pipeline/components/panels/victoria-metrics-panel";
import { ServicesPanel, WorkersPanel } from "@/features/pipeline/components/panels/workers-panel";

/** The platform's own health: what hinders it, the way of a message, every number. */
export function PipelineView() {
  const { t } = useTranslation("pipeline");
  const query = usePipeline();
  const { state } = useLiveState();
  return (
    <Page title={t("title")} controls={<ToolLinks />}>
      <QueryView query={query} loading={<PipelineSkeleton />}>
        {(pipeline) => <Parts pipeline={pipeline} isOld={query.isError || state === "lost"} />}
      </QueryView>
    </Page>
  );
}

function Parts({ pipeline, isOld }: { pipeline: Pipeline; isOld: boolean }) {
  return (
    <Stack gap="sm" className="pipeline" data-old={isOld || undefined}>
      <Summary pipeline={pipeline} isOld={isOld} />
      <Path pipeline={pipeline} />
      <VerdictsPanel part={pipeline.verdicts} />
      <div className="pipeline-columns">
        <div>
          <KafkaPanel part={pipeline.kafka} />
          <VictoriaMetricsPanel part={pipeline.victoria_metrics} />
        </div>
        <div>
          <RabbitmqPanel part={pipeline.rabbitmq} />
          <WorkersPanel part={pipeline.workers} />
          <ServicesPanel part={pipeline.services} />
          <GpuPanel part={pipeline.gpu} />
        </div>
        <div>
          <TritonPanel part={pipeline.triton} />
          <DatabasePanel part={pipeline.database} />
          <SearchPanel part={pipeline.search} />
        </div>
      </div>
      <PassedOverPanel part={pipeline.passed_over} />
    </Stack>
  );
}
