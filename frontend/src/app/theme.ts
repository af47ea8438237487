import { createTheme, type MantineColorsTuple } from "@mantine/core";

const astroBlue: MantineColorsTuple = [
  "#e6f3ff",
  "#cde6ff",
  "#b7dcff",
  "#92cbff",
  "#6dbcff",
  "#4dacff",
  "#2f8fe0",
  "#0b6bbf",
  "#005a8f",
  "#003a5f",
];

/** Astro's surfaces in the places of the library's greys. */
const astroDark: MantineColorsTuple = [
  "#d4d8dd",
  "#bac2cb",
  "#a4abb6",
  "#7b8089",
  "#2b4560",
  "#1c3851",
  "#142435",
  "#101923",
  "#0d141c",
  "#080c11",
];

export const theme = createTheme({
  primaryColor: "astro",
  primaryShade: 7,
  autoContrast: true,
  colors: { astro: astroBlue, dark: astroDark },
  fontFamily: '"Roboto", "Noto Sans KR", "Noto Sans CJK KR", system-ui, sans-serif',
  fontFamilyMonospace: '"Roboto Mono", ui-monospace, "DejaVu Sans Mono", monospace',
  defaultRadius: "sm",
});
