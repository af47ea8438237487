import { Anchor, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { tools } from "@/config/tools";

const NAMES = ["kafkaUi", "rabbitmq", "flower", "vmui", "api", "dashboard"] as const;

/** The platform's other screens. */
export function ToolLinks() {
  const { t } = useTranslation("pipeline");
  return (
    <nav aria-label={t("tools.title")} className="pipeline-tools">
      {NAMES.map((name) => (
        <Anchor key={name} href={tools[name]} target="_blank" rel="noopener" size="sm">
          {t(`tools.${name}`)}
          <span aria-hidden> ↗</span>
          <VisuallyHidden> ({t("tools.newTab")})</VisuallyHidden>
        </Anchor>
      ))}
    </nav>
  );
}
