import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { ForecastStep } from "@/lib/judgement";
import { formatValue } from "@/lib/numbers";

/** A forecast in numbers. */
export function ForecastTable({ steps, caption }: { steps: readonly ForecastStep[]; caption: string }) {
  const { t } = useTranslation("shared");
  const columns = ["lower90", "lower50", "predicted", "upper50", "upper90"] as const;
  return (
    <Table.ScrollContainer
      minWidth={0}
      maxHeight={320}
      type="native"
      tabIndex={0}
      role="group"
      aria-label={caption}
    >
      <Table className="data-table numeric" aria-label={caption} verticalSpacing={3}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("forecast.ahead")}</Table.Th>
            {columns.map((name) => (
              <Table.Th key={name}>
                {t(name === "predicted" ? "forecast.forecast" : `forecast.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map((step, index) => (
            <Table.Tr key={index}>
              <Table.Td>+{index + 1}</Table.Td>
              {columns.map((name) => (
                <Table.Td key={name}>{formatValue(step[name])}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
