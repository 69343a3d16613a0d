// Correctness only; how the code looks is prettier's business.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["node_modules/"] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: "module",
      globals: { ...globals.browser, ...globals.worker },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-param-reassign": "off",
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Use random.js: this must be unpredictable." },
        { property: "innerHTML", message: "Text only: what people type or send is never markup." },
        { property: "outerHTML", message: "Text only." },
        { property: "insertAdjacentHTML", message: "Text only." },
        { object: "document", property: "cookie", message: "The page keeps nothing." },
        { property: "pushState", message: "The page leaves no way back to what it held." },
        { property: "replaceState", message: "The page leaves no way back to what it held." },
      ],
      "no-restricted-globals": [
        "error",
        { name: "localStorage", message: "The page keeps nothing." },
        { name: "sessionStorage", message: "The page keeps nothing." },
        { name: "indexedDB", message: "The page keeps nothing." },
        { name: "caches", message: "The page keeps nothing." },
        { name: "cookieStore", message: "The page keeps nothing." },
      ],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["test/**", "*.mjs", "eslint.config.js"],
    languageOptions: { globals: globals.node },
    rules: { "no-console": "off" },
  },
];
