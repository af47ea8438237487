import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Charts that are still to come. */
export function ChartSkeleton() {
  const { t } = useTranslation("satellite");
  return (
    <div className="satellite-charts" role="status" aria-label={t("loading")}>
      {Array.from({ length: 6 }, (_, index) => (
        <Skeleton key={index} height={150} />
      ))}
    </div>
  );
}
