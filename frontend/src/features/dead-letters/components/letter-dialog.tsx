import { Code, Modal, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Author } from "@/components/controls/author";
import { Facts } from "@/components/facts";
import { QueryView } from "@/components/query-view";
import { UtcTime } from "@/components/utc-time";
import { useDeadLetter } from "@/features/dead-letters/api/dead-letters";

/** One letter with all that is kept of it. */
export function LetterDialog({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useTranslation("dead-letters");
  const letter = useDeadLetter(id);
  return (
    <Modal opened onClose={onClose} size="xl" title={t("letter.title", { id })}>
      <QueryView query={letter}>
        {(found) => (
          <Stack gap="sm">
            <Facts
              facts={[
                [t("columns.reason"), found.reason],
                [t("columns.detail"), found.detail],
                [t("columns.refused"), <UtcTime key="refused" time={found.refused_at} />],
                [t("letter.place"), found.place],
                [
                  t("letter.position"),
                  found.position === null ? "–" : `${found.partition}/${found.position}`,
                ],
                [t("letter.key"), found.key ?? "–"],
                [t("columns.attempt"), found.attempt],
                [t("columns.size"), found.size_bytes],
                [t("columns.state"), t(`state.${found.state}`)],
                [
                  t("letter.handled"),
                  found.handled_by === null ? (
                    "–"
                  ) : (
                    <Author key="handled" operator={found.handled_by} keyName={found.handled_with_key} />
                  ),
                ],
              ]}
            />
            <Title order={3} size="h6">
              {t("letter.headers")}
            </Title>
            <Code block tabIndex={0}>
              {JSON.stringify(found.headers, null, 2)}
            </Code>
            <Title order={3} size="h6">
              {t(found.body_format === "text" ? "letter.body" : "letter.hex")}
            </Title>
            <Code block tabIndex={0}>
              {found.body}
            </Code>
            {found.is_body_shortened && <Text size="sm">{t("letter.shortened")}</Text>}
          </Stack>
        )}
      </QueryView>
    </Modal>
  );
}
