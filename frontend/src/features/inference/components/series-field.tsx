import { Button, FileButton, Group, NativeSelect, Stack, Text, Textarea } from "@mantine/core";
import { useState, type DragEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Mission } from "@/api/get-mission";
import { ForecastChart } from "@/components/charts/forecast-chart";
import {
  numericColumns,
  readColumns,
  type Column,
  type Problem,
  type Reading,
} from "@/features/inference/series";

const MAX_BYTES = 1_000_000;
const EXAMPLE = Array.from({ length: 48 }, (_, step) =>
  (25 + 4 * Math.sin(step / 4) + ((step * 7) % 5) / 10).toFixed(2),
);

type Upload = { file: string; columns: Column[] };

/** Where a series is pasted or uploaded, and drawn at once. */
export function SeriesField({
  text,
  onText,
  reading,
  mission,
  serverProblem,
}: {
  text: string;
  onText: (text: string) => void;
  reading: Reading;
  mission: Mission;
  serverProblem: string | undefined;
}) {
  const { t } = useTranslation("inference");
  const { upload, complaint, take, choose } = useUpload(onText);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take(event.dataTransfer.files[0] ?? null);
  };
  const problems = [
    ...reading.problems.map((problem) => <ProblemText key={JSON.stringify(problem)} problem={problem} />),
  ];
  return (
    <Stack gap="xs" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <Textarea
        label={t("series.label")}
        description={t("series.hint", { least: mission.min_points, most: mission.max_points })}
        minRows={4}
        maxRows={8}
        autosize
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
        error={serverProblem ?? complaint ?? (problems.length > 0 ? <>{problems}</> : null)}
      />
      <SeriesButtons text={text} onText={onText} onFile={take} count={reading.values.length} />
      {upload && upload.columns.length > 1 && (
        <NativeSelect
          size="xs"
          label={t("series.column", { file: upload.file })}
          onChange={(event) => choose(event.currentTarget.value)}
          data={upload.columns.map(({ name }) => name)}
        />
      )}
      {reading.values.length > 1 && (
        <ForecastChart past={reading.values} steps={[]} label={t("series.drawn")} height={160} />
      )}
    </Stack>
  );
}

function SeriesButtons({
  text,
  onText,
  onFile,
  count,
}: {
  text: string;
  onText: (text: string) => void;
  onFile: (file: File | null) => Promise<void>;
  count: number;
}) {
  const { t } = useTranslation("inference");
  return (
    <Group gap="xs">
      <FileButton onChange={(file) => void onFile(file)} accept=".csv,.txt,.json,text/*,application/json">
        {(props) => (
          <Button {...props} size="xs" variant="default">
            {t("series.upload")}
          </Button>
        )}
      </FileButton>
      <Button size="xs" variant="default" onClick={() => onText(EXAMPLE.join(", "))}>
        {t("series.example")}
      </Button>
      <Button size="xs" variant="default" disabled={text === ""} onClick={() => onText("")}>
        {t("series.clear")}
      </Button>
      <Text size="sm" className="numeric" role="status">
        {t("series.count", { count })}
      </Text>
    </Group>
  );
}

function useUpload(onText: (text: string) => void) {
  const { t } = useTranslation("inference");
  const [upload, setUpload] = useState<Upload | null>(null);
  const [complaint, setComplaint] = useState<string | null>(null);
  const show = (column: Column | undefined) => onText(column ? column.values.join("\n") : "");
  const take = async (file: File | null) => {
    if (!file) return;
    setUpload(null);
    setComplaint(file.size > MAX_BYTES ? t("series.tooLarge", { file: file.name }) : null);
    if (file.size > MAX_BYTES) return;
    const content = await file.text();
    if (!file.name.endsWith(".csv")) return onText(content);
    const columns = numericColumns(readColumns(content));
    if (columns.length === 0) return setComplaint(t("series.noColumn", { file: file.name }));
    setUpload({ file: file.name, columns });
    show(columns[0]);
  };
  const choose = (name: string) => show(upload?.columns.find((column) => column.name === name));
  return { upload, complaint, take, choose };
}

function ProblemText({ problem }: { problem: Problem }) {
  const { t } = useTranslation("inference");
  const text = () => {
    switch (problem.kind) {
      case "notNumber":
        return t("problem.notNumber", problem);
      case "tooFew":
        return t("problem.tooFew", problem);
      case "tooMany":
        return t("problem.tooMany", problem);
      case "notJson":
        return t("problem.notJson", problem);
      case "notSeries":
        return t("problem.notSeries");
    }
  };
  return <span className="series-problem">{text()}</span>;
}
