import { Group, Skeleton, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** The shape of the view before its first answer: the counts, then the rows. */
export function FleetLoading() {
  const { t } = useTranslation("shared");
  return (
    <Stack role="status" aria-label={t("loading")}>
      <Group gap="xs">
        {Array.from({ length: 6 }, (_, index) => (
          <Skeleton key={index} height={44} width={130} />
        ))}
      </Group>
      <Stack gap={4}>
        {Array.from({ length: 8 }, (_, index) => (
          <Skeleton key={index} height={45} />
        ))}
      </Stack>
    </Stack>
  );
}
