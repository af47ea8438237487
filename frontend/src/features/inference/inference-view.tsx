import "@/components/verdicts/judgement.css";
import "@/features/inference/inference.css";

import { Code, Group, Stack, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";
import { useMission, type Mission } from "@/api/get-mission";
import { CopyButton } from "@/components/controls/copy-button";
import { RoleButton } from "@/components/controls/role-button";
import { Page, Panel } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { Failure } from "@/components/states";
import { useSubmitInference } from "@/features/inference/api/submit-inference";
import { RequestFields } from "@/features/inference/components/request-fields";
import { ResultPanel } from "@/features/inference/components/result-panel";
import { SeriesField } from "@/features/inference/components/series-field";
import { curlOf, requestOf } from "@/features/inference/request";
import { readSeries } from "@/features/inference/series";

const route = getRouteApi("/inference");

/** Forecast and verdict of a series that somebody brings. */
export function InferenceView() {
  const { t } = useTranslation("inference");
  return (
    <Page title={t("title")}>
      <QueryView query={useMission()}>{(mission) => <Form mission={mission} />}</QueryView>
    </Page>
  );
}

function Form({ mission }: { mission: Mission }) {
  const { t } = useTranslation("inference");
  const search = route.useSearch();
  const [text, setText] = useState("");
  const submission = useSubmitInference();
  const reading = useMemo(
    () => readSeries(text, { least: mission.min_points, most: mission.max_points }),
    [text, mission],
  );
  const model = search.model ?? mission.model.name;
  const request = requestOf(search, model, reading.values);
  const isReady = reading.values.length > 0 && reading.problems.length === 0;
  const fields = submission.error instanceof ApiError ? submission.error.fields : [];
  const problemOf = (name: string) => fields.find(({ field }) => field.endsWith(name))?.message;
  const key = useKeyOf(JSON.stringify(request));
  const submit = () => submission.mutate({ request, key });
  return (
    <div className="inference">
      <Stack gap="md">
        <Panel title={t("series.title")}>
          <SeriesField
            text={text}
            onText={setText}
            reading={reading}
            mission={mission}
            serverProblem={problemOf("data")}
          />
        </Panel>
        <Panel title={t("request.title")}>
          <Stack gap="sm">
            <RequestFields mission={mission} model={model} problemOf={problemOf} />
            <Group>
              <RoleButton
                needs="operator"
                onClick={submit}
                disabled={!isReady}
                loading={submission.isPending}
              >
                {t("request.submit")}
              </RoleButton>
            </Group>
            {submission.error && <Failure error={submission.error} />}
            {isReady && <Curl command={curlOf(window.location.origin, request)} />}
          </Stack>
        </Panel>
      </Stack>
      {submission.data ? (
        <ResultPanel jobId={submission.data.job_id} />
      ) : (
        <Panel title={t("result.title")}>
          <Text className="dimmed">{t("result.none")}</Text>
        </Panel>
      )}
    </div>
  );
}

/** A key that stays while the request stays: a second click submits nothing new. */
function useKeyOf(request: string): string {
  // eslint-disable-next-line react-hooks/exhaustive-deps -- another request is another key
  return useMemo(() => randomKey(), [request]);
}

/** `crypto.randomUUID` exists on HTTPS and on this machine only. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

function Curl({ command }: { command: string }) {
  const { t } = useTranslation("inference");
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm">{t("request.curl")}</Text>
        <CopyButton text={command} label={t("request.copy")} />
      </Group>
      <Code block className="curl" tabIndex={0}>
        {command}
      </Code>
    </Stack>
  );
}
