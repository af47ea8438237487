import { Alert, Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { UtcTime } from "@/components/utc-time";
import { useSatelliteState } from "@/features/satellite/api/get-state";
import { RetirementDialog } from "@/features/satellite/components/retirement/retirement-dialog";

/** Who retired the satellite, why, and the way back; of one in service the way to retire it. */
export function Retirement({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const { data } = useSatelliteState(satelliteId);
  const [isOpen, setOpen] = useState(false);
  if (!data) return null;
  const { retired } = data;
  const change = (
    <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
      {retired ? t("retirement.takeBack") : t("retirement.retire")}
    </Button>
  );
  return (
    <>
      {retired ? (
        <Alert color="gray" variant="outline" title={t("retirement.isRetired")}>
          <p>
            <UtcTime time={retired.at} /> <strong>{retired.operator}</strong>: {retired.comment}
          </p>
          {change}
        </Alert>
      ) : (
        <div>{change}</div>
      )}
      {isOpen && (
        <RetirementDialog
          satelliteId={satelliteId}
          isRetired={retired !== null}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
