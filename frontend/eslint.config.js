import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import { importX } from "eslint-plugin-import-x";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { readdirSync } from "node:fs";
import { URL } from "node:url";
import tseslint from "typescript-eslint";

const features = readdirSync(new URL("src/features", import.meta.url));
const shared = ["api", "components", "config", "lib"];

/** Imports flow from the shared folders to the features to the app, never back and never across features. */
const zones = [
  ...features.map((feature) => ({
    target: `./src/features/${feature}`,
    from: "./src/features",
    except: [`./${feature}`],
    message: "A feature knows no other feature: what two need belongs into components, lib or api.",
  })),
  { target: "./src/features", from: "./src/app", message: "A feature does not know the app that shows it." },
  ...shared.map((folder) => ({
    target: `./src/${folder}`,
    from: ["./src/features", "./src/app"],
    message: "Shared code knows neither features nor the app.",
  })),
];

export default tseslint.config(
  { ignores: ["dist", "public", "src/api/schema.d.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "vite.config.ts"],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      // Warns of libraries that the React Compiler must skip; this console is built without it.
      "react-hooks/incompatible-library": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": "off",
    },
  },
  // A file and a function can be taken in at a glance; a component has a line for each property of what it shows.
  { files: ["src/**/*.{ts,tsx}"], rules: { "max-lines": ["error", 300] } },
  { files: ["src/**/*.ts"], rules: { "max-lines-per-function": ["error", 40] } },
  { files: ["src/**/*.tsx"], rules: { "max-lines-per-function": ["error", 60] } },
  // A table: one answer of the API.
  { files: ["src/features/pipeline/testing.ts"], rules: { "max-lines-per-function": "off" } },
  { files: ["eslint.config.js"], extends: [tseslint.configs.disableTypeChecked] },
);
