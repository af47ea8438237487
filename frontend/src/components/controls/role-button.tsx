import { Button, type ButtonProps } from "@mantine/core";
import type { MouseEventHandler } from "react";
import { useTranslation } from "react-i18next";

import { useMissingRole, type Role } from "@/api/session";

type Props = ButtonProps & {
  /** The role that the server asks for what the button does. */
  needs: Role;
  type?: "submit" | "button";
  "aria-pressed"?: boolean;
  onClick?: MouseEventHandler<HTMLButtonElement>;
};

/** A button for what not every key may do: where this one may not, it is disabled and its tooltip says why. */
export function RoleButton({ needs, disabled, ...props }: Props) {
  const { t } = useTranslation("shared");
  const role = useMissingRole(needs);
  if (role === null) return <Button disabled={disabled ?? false} {...props} />;
  const reason = t("role.missing", { needed: t(`role.${needs}`), role: t(`role.${role}`) });
  return <Button {...props} disabled title={reason} />;
}
