import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import * as app from "@/app/messages";
import * as shared from "@/components/messages";
import * as alarms from "@/features/alerts/alarm-messages";
import * as alerts from "@/features/alerts/messages";
import * as deadLetters from "@/features/dead-letters/messages";
import * as fleet from "@/features/fleet/messages";
import * as inference from "@/features/inference/messages";
import * as jobs from "@/features/jobs/messages";
import * as limits from "@/features/limits/messages";
import * as pipeline from "@/features/pipeline/messages";
import * as satellite from "@/features/satellite/messages";
import * as search from "@/features/search/messages";
import * as shift from "@/features/shift/messages";

const parts = {
  app,
  shared,
  alarms,
  alerts,
  "dead-letters": deadLetters,
  fleet,
  inference,
  jobs,
  limits,
  pipeline,
  satellite,
  search,
  shift,
};

type Language = "en" | "ko";
type Resources<L extends Language> = { [Part in keyof typeof parts]: (typeof parts)[Part][L] };

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "shared";
    resources: Resources<"en">;
  }
}

export const LANGUAGES: Record<Language, string> = { en: "English", ko: "한국어" };
const STORAGE_KEY = "satellite-telemetry.language";

function resources<L extends Language>(language: L): Resources<L> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, part[language]]),
  ) as Resources<L>;
}

function preferred(): Language {
  const kept = localStorage.getItem(STORAGE_KEY);
  if (kept === "en" || kept === "ko") return kept;
  return navigator.language.startsWith("ko") ? "ko" : "en";
}

/** Starts the console in the language that was chosen last, else in the browser's. */
export function startTranslations(language: Language = preferred()): void {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    defaultNS: "shared",
    resources: { en: resources("en"), ko: resources("ko") },
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = language;
}

/** Changes the language now and for the next visit. */
export function chooseLanguage(language: string): void {
  localStorage.setItem(STORAGE_KEY, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}
