import { Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { apiKey, forgetApiKey } from "@/api/api-key";
import { useSession } from "@/api/session";
import { forgetOperatorName } from "@/lib/operator-name";

/** Whose key this tab uses and its role, and the way to another key; nothing where the platform asks for none. */
export function ApiKeyInUse() {
  const { t } = useTranslation(["app", "shared"]);
  const session = useSession();
  if (session === undefined || apiKey() === null) return null;
  const change = () => {
    forgetApiKey();
    forgetOperatorName();
    window.location.reload();
  };
  const role = t(`role.${session.role}`, { ns: "shared" });
  return (
    <div>
      <Text size="xs">{session.key_name === null ? role : `${session.key_name}, ${role}`}</Text>
      <Button size="compact-xs" variant="default" onClick={change}>
        {t("key.change")}
      </Button>
    </div>
  );
}
