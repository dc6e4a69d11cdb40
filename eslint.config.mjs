import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Whatever waits for a disk or another process holds up every flow of the runtime. */
const NO_SYNC = {
  selector: 'CallExpression:matches([callee.name=/Sync$/], [callee.property.name=/Sync$/])',
  message: 'The runtime of all flows waits for this.',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '.demo/', '.matrix/', '**/node_modules/', 'types/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', NO_SYNC],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'node-red', message: 'lib/ does not know Node-RED.' }],
          patterns: [
            { group: ['**/nodes/**', '@node-red/*'], message: 'lib/ does not know Node-RED.' },
            { group: ['**/simulators/**', '**/test/**'], message: 'lib/ is the product.' },
          ],
        },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['nodes/**/*.ts'],
    ignores: ['nodes/shared/migrate.ts', 'nodes/shared/node-type.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        NO_SYNC,
        {
          selector: "CallExpression[callee.object.property.name='nodes'][callee.property.name='createNode']",
          message: 'createNode of nodes/shared/migrate.ts brings older flows up to date first.',
        },
      ],
    },
  },
  {
    // A type's file loads what the type does with its first node, see nodes/shared/node-type.ts.
    files: ['nodes/*/*.ts'],
    ignores: ['nodes/**/*.runtime.ts', 'nodes/shared/*.ts'],
    rules: {
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\./[a-z-]+\\.runtime$'] }],
    },
  },
  {
    files: ['nodes/shared/node-type.ts'],
    rules: {
      'no-console': 'error',
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\./admin$'] }],
    },
  },
  {
    files: ['resources/**/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: { ...globals.browser, ...globals.jquery, RED: 'readonly' },
    },
    rules: { 'no-undef': 'error', 'no-unused-vars': 'error', eqeqeq: 'error' },
  },
);
