import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['packages/*/{src,test,chaos}/**/*.test.ts', 'scripts/**/*.test.mjs'],
    globalSetup: ['packages/server/test/global-setup.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
