import { Skeleton, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** The places of summary, path, verdicts and panels before the first answer. */
export function PipelineSkeleton() {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" role="status" aria-label={t("loading")}>
      <Skeleton height={38} />
      <Skeleton height={88} />
      <Skeleton height={140} />
      <div className="pipeline-columns">
        <Skeleton height={320} />
        <Skeleton height={320} />
        <Skeleton height={320} />
      </div>
    </Stack>
  );
}
