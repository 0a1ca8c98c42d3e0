import js from "@eslint/js";

export default [
  { ignores: ["**/*.d.ts"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-undef": "off", // tsc finds undefined names and knows every global
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-shadow": "error",
      "no-var": "error",
      "no-throw-literal": "error",
      "no-self-compare": "error",
      "no-useless-concat": "error",
      "no-useless-return": "error",
      "no-useless-rename": "error",
      "no-unneeded-ternary": "error",
      "no-lonely-if": "error",
      "no-promise-executor-return": "error",
      "no-template-curly-in-string": "error",
      "no-duplicate-imports": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "prefer-rest-params": "error",
      "prefer-spread": "error",
      "object-shorthand": "error",
      "eqeqeq": "error",
      "default-case-last": "error",
      "max-lines": ["error", { max: 350, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 7],
      "complexity": ["error", 25],
    },
  },
];
