import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Whatever waits for a disk or another process holds up every flow of the runtime. */
const NO_SYNC = {
  selector: 'CallExpression:matches([callee.name=/Sync$/], [callee.property.name=/Sync$/])',
  message: 'The runtime of all flows waits for this.',
};

/** A translation evaluates what looks like an expression in a value or a key, whoever sent it. */
const NO_TRANSLATION = {
  selector: "CallExpression[callee.property.name='_']",
  message: '`translate` of nodes/shared/text.ts looks texts up, and fills in values afterwards.',
};
/** The editor translates a status text. */
const NO_STATUS = {
  selector: "CallExpression[callee.property.name='status'][callee.object.name=/^(node|this)$/]",
  message: '`statusSetter` of nodes/shared/status.ts makes texts of others harmless.',
};

const NO_CREATE = {
  selector: "CallExpression[callee.object.property.name='nodes'][callee.property.name='createNode']",
  message: 'createNode of nodes/shared/migrate.ts brings older flows up to date first.',
};
/** The one file that may do what is forbidden in all others. */
const HOME_OF = {
  'nodes/shared/migrate.ts': NO_CREATE,
  'nodes/shared/text.ts': NO_TRANSLATION,
  'nodes/shared/status.ts': NO_STATUS,
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
    // Scripts of dialogs run in the browser, and reach each other through EnergyDevices alone.
    files: ['nodes/**/*.dialog.ts'],
    languageOptions: {
      parserOptions: { project: './tsconfig.dialogs.json', tsconfigRootDir: import.meta.dirname },
    },
    // They are no modules, so they can take a type in no other way.
    rules: { '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }] },
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
    ignores: ['nodes/shared/node-type.ts', ...Object.keys(HOME_OF)],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', NO_SYNC, NO_CREATE, NO_TRANSLATION, NO_STATUS],
    },
  },
  ...Object.entries(HOME_OF).map(([file, own]) => ({
    files: [file],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        NO_SYNC,
        ...[NO_CREATE, NO_TRANSLATION, NO_STATUS].filter((rule) => rule !== own),
      ],
    },
  })),
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
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\./(?:admin|cluster|owner-only)$'] }],
    },
  },
  {
    // A cluster is loaded where one is set up.
    files: ['nodes/shared/cluster.ts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\./cluster-runtime$'] }] },
  },
  {
    files: ['resources/**/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: { ...globals.browser, ...globals.jquery, RED: 'readonly' },
    },
    rules: {
      'no-undef': 'error',
      'no-unused-vars': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='_']:not(FunctionDeclaration[id.name='lookUp'] *)",
          message: '`lookUp` looks texts up, and fills in values afterwards.',
        },
      ],
    },
  },
);
