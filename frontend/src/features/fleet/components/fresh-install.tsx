import { Code, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Empty } from "@/components/states";

const WAYS = [
  { name: "native", commands: "make demo" },
  { name: "compose", commands: "docker compose up -d\ndocker compose run --rm simulator" },
] as const;

/** What a fresh install shows: how telemetry gets here. */
export function FreshInstall() {
  const { t } = useTranslation("fleet");
  return (
    <Empty title={t("empty.title")}>
      <Stack component="span" gap="sm">
        {t("empty.text")}
        <Group component="span" align="stretch" justify="center">
          {WAYS.map(({ name, commands }) => (
            <Stack key={name} component="span" gap={4}>
              <Text span size="sm">
                {t(`empty.${name}`)}
              </Text>
              <Code className="fleet-command">{commands}</Code>
            </Stack>
          ))}
        </Group>
      </Stack>
    </Empty>
  );
}
