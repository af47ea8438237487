import { Button, SegmentedControl, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { formatUtc } from "@/lib/time";

import type { Span } from "@/features/satellite/data/time-span";
import { DEFAULT_RANGE, RANGES, type Range } from "@/features/satellite/search";
import { useAddress } from "@/features/satellite/components/hooks/use-address";

const NAMES = Object.keys(RANGES) as Range[];

/** Which time: the newest minutes, hours or day, or the fixed span of a zoom or a link. */
export function SpanControls({ span }: { span: Span }) {
  const { t } = useTranslation("satellite");
  const change = useAddress();
  return (
    <div className="satellite-choices">
      {span.kind === "fixed" && (
        <>
          <Text size="sm" className="numeric">
            {t("fixed", { from: formatUtc(span.start * 1000), to: formatUtc(span.end * 1000) })}
          </Text>
          <Button size="xs" variant="default" onClick={() => change({ from: undefined, to: undefined })}>
            {t("live")}
          </Button>
        </>
      )}
      <SegmentedControl
        size="xs"
        withItemsBorders={false}
        aria-label={t("range")}
        value={span.kind === "live" ? span.range : ""}
        data={NAMES}
        onChange={(value) => {
          const range = NAMES.find((name) => name === value && name !== DEFAULT_RANGE);
          change({ range, from: undefined, to: undefined });
        }}
      />
    </div>
  );
}
