import type { Command } from 'commander'
import { actionsCommand } from './actions.ts'
import { cleanupCommand } from './cleanup.ts'
import { connectionsCommand } from './connections.ts'
import { configCommand } from './config.ts'
import { devCommand } from './dev.ts'
import { getCommand } from './get.ts'
import { migrateCommand } from './migrate.ts'
import { recipesCommand } from './recipes.ts'
import { serveCommand } from './serve.ts'

/** Every command of the CLI: each adds itself to the program. */
export const commands: readonly ((program: Command) => void)[] = [
  devCommand,
  serveCommand,
  migrateCommand,
  cleanupCommand,
  configCommand,
  actionsCommand,
  connectionsCommand,
  recipesCommand,
  getCommand,
]
