import { Button, Modal, PasswordInput, Stack } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";
import { keepApiKey } from "@/api/api-key";

/** Asks for a key when the server refuses requests without one, then loads the console again with it. */
export function ApiKeyDialog() {
  const { t } = useTranslation("app");
  const isWanted = useIsKeyWanted();
  const [key, setKey] = useState("");
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    keepApiKey(key.trim());
    window.location.reload();
  };
  return (
    <Modal opened={isWanted} onClose={() => undefined} withCloseButton={false} title={t("key.title")}>
      <form onSubmit={save}>
        <Stack gap="sm">
          <PasswordInput
            label={t("key.label")}
            description={t("key.hint")}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            data-autofocus
            required
          />
          <Button type="submit">{t("key.save")}</Button>
        </Stack>
      </form>
    </Modal>
  );
}

function useIsKeyWanted(): boolean {
  const cache = useQueryClient().getQueryCache();
  const [isWanted, setWanted] = useState(false);
  useEffect(
    () =>
      cache.subscribe(({ query }) => {
        if (query.state.error instanceof ApiError && query.state.error.status === 401) setWanted(true);
      }),
    [cache],
  );
  return isWanted;
}
