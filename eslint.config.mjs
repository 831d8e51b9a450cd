import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'data/', 'coverage/', 'migrations/', 'docs/**/*.js', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // A knex query that nobody awaits never runs: thenables count as promises.
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A parameter that an interface asks for and we do not need.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // An async generator may only pass on what others await.
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // In tests the rows of a table are parameters.
    ignores: ['test/**'],
    rules: { 'max-params': ['error', 4] },
  },
  {
    // A store is SQL and row mapping: what happens together is decided where it is asked for.
    files: ['shared/stores/**/*.ts'],
    ignores: ['shared/stores/store-access.ts', 'shared/stores/read-access.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.property.name='transaction'], CallExpression[callee.name='inTransaction']",
          message: 'A store opens no transaction: say that it needs one, and let the service open it.',
        },
      ],
    },
  },
  {
    // What these print is their product.
    files: ['epack.ts', 'commands/register/*.ts', 'client/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
