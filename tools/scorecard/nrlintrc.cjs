/**
 * What `nrlint --init` proposes, for the JavaScript of the oldest Node.js we support. The rules are ESLint's recommended
 * ones, one by one: nrlint takes no `extends`, and then checks nothing without saying so.
 */
const RECOMMENDED = `
  constructor-super for-direction getter-return no-async-promise-executor no-case-declarations no-class-assign
  no-compare-neg-zero no-cond-assign no-const-assign no-constant-condition no-control-regex no-debugger no-delete-var
  no-dupe-args no-dupe-class-members no-dupe-else-if no-dupe-keys no-duplicate-case no-empty no-empty-character-class
  no-empty-pattern no-ex-assign no-extra-boolean-cast no-extra-semi no-fallthrough no-func-assign no-global-assign
  no-import-assign no-inner-declarations no-invalid-regexp no-irregular-whitespace no-misleading-character-class
  no-mixed-spaces-and-tabs no-new-symbol no-obj-calls no-octal no-prototype-builtins no-redeclare no-regex-spaces
  no-self-assign no-setter-return no-shadow-restricted-names no-sparse-arrays no-this-before-super no-undef
  no-unexpected-multiline no-unreachable no-unsafe-finally no-unsafe-negation no-unused-labels no-unused-vars
  no-useless-catch no-useless-escape no-with require-yield use-isnan valid-typeof`;

module.exports = {
  rules: {
    'align-to-grid': true,
    'max-flow-size': true,
    'no-duplicate-http-in-urls': true,
    'no-loops': true,
    'no-overlapping-nodes': true,
    'no-unconnected-http-nodes': true,
    'no-unnamed-functions': true,
    'no-unnamed-links': true,
    'function-eslint': {
      config: {
        env: { es2022: true, 'shared-node-browser': true },
        globals: { Buffer: 'readonly' },
        parserOptions: { ecmaVersion: 2022 },
        rules: Object.fromEntries(
          RECOMMENDED.trim()
            .split(/\s+/)
            .map((rule) => [rule, 'error']),
        ),
      },
    },
  },
};
