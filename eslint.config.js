import pulumi from "@pulumi/eslint-plugin";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import house from "./tools/lint/index.ts";

const onlyInConfig = {
  selector: "NewExpression[callee.property.name='Config']",
  message:
    "program/config.ts is the only reader of the stack's settings: pass the value as an argument",
};
const nothingAround = "components are data in, data out: pass it as an argument";

export default defineConfig(
  globalIgnores([
    "components/bin/",
    "apps/",
    "examples/",
    "site/",
    ".mlops/",
    ".venv/",
    "test-results/",
  ]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: ["tsconfig.json"], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "@pulumi": pulumi, house },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      // `||` loses 0, false and empty text
      "@typescript-eslint/prefer-nullish-coalescing": [
        "error",
        { ignorePrimitives: { string: true } },
      ],
      // JSON values are made into text on purpose where a message quotes them
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      // a function may be async because its caller waits for it
      "@typescript-eslint/require-await": "off",
      "house/no-resource-in-apply": "error",
      "max-lines": ["error", 400],
      "no-restricted-syntax": ["error", onlyInConfig],
    },
  },
  { files: ["program/config.ts"], rules: { "no-restricted-syntax": "off" } },
  {
    files: ["components/**/*.ts"],
    // a process, not a component
    ignores: ["components/plugin.ts"],
    rules: {
      "house/component-super": "error",
      "@typescript-eslint/prefer-nullish-coalescing": "error",
      "no-restricted-globals": [
        "error",
        ...["process", "Date", "fetch", "setTimeout", "setInterval"].map((name) => ({
          name,
          message: nothingAround,
        })),
      ],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              // a hash needs nothing around it
              group: [
                "node:*",
                "!node:crypto",
                "fs",
                "net",
                "http",
                "https",
                "os",
                "child_process",
              ],
              message: nothingAround,
            },
          ],
        },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // what a test inspects is often `any` by nature: JSON, matchers, reloaded modules
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/unbound-method": "off",
      "no-restricted-syntax": "off",
    },
  },
);
