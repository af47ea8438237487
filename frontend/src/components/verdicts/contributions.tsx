import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Contribution } from "@/lib/judgement";
import { formatShare } from "@/lib/numbers";

/** Which channels made the score, and by which detectors. */
export function Contributions({ contributions }: { contributions: readonly Contribution[] }) {
  const { t } = useTranslation("shared");
  return (
    <Table className="data-table contributions" verticalSpacing={3} aria-label={t("judgement.contributions")}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("judgement.channel")}</Table.Th>
          <Table.Th>{t("judgement.share")}</Table.Th>
          <Table.Th>{t("judgement.detectors")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {contributions.map(({ channel, share, families }) => (
          <Table.Tr key={channel}>
            <Table.Td>{channel}</Table.Td>
            <Table.Td className="share-cell">
              <span className="share-bar" style={{ inlineSize: `${share * 100}%` }} aria-hidden />
              <span className="numeric">{formatShare(share)}</span>
            </Table.Td>
            <Table.Td>
              {families.map(([name, part]) => (
                <span key={name} className="family">
                  <FamilyName name={name} /> {formatShare(part)}
                </span>
              ))}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function FamilyName({ name }: { name: string }) {
  const { t } = useTranslation("shared");
  if (name === "residual" || name === "statistics" || name === "subsequence")
    return t(`judgement.family.${name}`);
  return name;
}
