import { useTranslation } from "react-i18next";

import { useLearningText } from "@/components/verdicts/learning-text";
import { Panel } from "@/components/page";
import { SubsystemName } from "@/components/verdicts/verdict-text";

import { useSatelliteState } from "@/features/satellite/api/get-state";

/** What each subsystem that learns still lacks; nothing where none does, or nothing is known of the satellite. */
export function Learning({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const learningText = useLearningText();
  const { data } = useSatelliteState(satelliteId);
  const learning = data?.subsystems.filter(({ verdict }) => verdict === "learning") ?? [];
  if (!learning.length) return null;
  return (
    <Panel title={t("learning.title")}>
      <p className="dimmed satellite-note">{t("learning.hint")}</p>
      <ul>
        {learning.map(({ subsystem, learning: progress }) => (
          <li key={subsystem}>
            <SubsystemName name={subsystem} />: <span className="numeric">{learningText(progress)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
