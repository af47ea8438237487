import { Button, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Author } from "@/components/controls/author";
import { useStepText } from "@/components/limit-text";
import { QueryView } from "@/components/query-view";
import { UtcTime } from "@/components/utc-time";
import { useLimitHistory, type Change, type Limit } from "@/features/limits/api/limits";
import { keyOf } from "@/features/limits/data/values";

/** Who changed a limit, when and why. */
export function HistoryDialog({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const { t } = useTranslation("limits");
  const history = useLimitHistory(limit);
  return (
    <Modal opened onClose={onClose} size="lg" title={t("history.title", { name: keyOf(limit) })}>
      <QueryView query={history}>
        {({ pages }) => {
          const changes = pages.flatMap((page) => page.changes);
          return (
            <Stack gap="sm">
              {changes.length === 0 && <Text size="sm">{t("history.none")}</Text>}
              <ul aria-label={t("history.list")}>
                {changes.map((change) => (
                  <Entry key={change.version} change={change} />
                ))}
              </ul>
              {history.hasNextPage && (
                <Button
                  size="xs"
                  variant="default"
                  loading={history.isFetchingNextPage}
                  onClick={() => void history.fetchNextPage()}
                >
                  {t("history.older")}
                </Button>
              )}
            </Stack>
          );
        }}
      </QueryView>
    </Modal>
  );
}

function Entry({ change }: { change: Change }) {
  const { t } = useTranslation("limits");
  const stepText = useStepText();
  const { version, at, operator, key_name, comment, fields } = change;
  const isAsInFile = Object.keys(fields).length === 0;
  return (
    <li>
      <strong>{t("history.version", { version })}</strong> <UtcTime time={at} />{" "}
      <Author operator={operator} keyName={key_name} />: {stepText(change)}
      {isAsInFile && ` (${t("history.file")})`}
      <br />
      {comment}
    </li>
  );
}
