import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/client";
import { QueryView } from "@/components/query-view";
import { Empty } from "@/components/states";

/** What a search brought: the engine may be away, or nothing may fit. */
export function Found<T>({
  query,
  isEmpty,
  children,
}: {
  query: UseQueryResult<T>;
  isEmpty: (data: T) => boolean;
  children: (data: T) => ReactNode;
}) {
  const { t } = useTranslation("search");
  const isAway = query.error instanceof ApiError && query.error.status === 503;
  return (
    <>
      {isAway && <Text>{t("away")}</Text>}
      <QueryView query={query}>
        {(data) => (isEmpty(data) ? <Empty title={t("none")}>{t("noneHint")}</Empty> : children(data))}
      </QueryView>
    </>
  );
}
