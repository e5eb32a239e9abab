import sparticuz from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

/** A headless Chromium from its npm package; it starts as root and needs no package of the system. */
export async function startChromium(): Promise<Browser> {
  sparticuz.setGraphicsMode = false
  return chromium.launch({
    executablePath: await sparticuz.executablePath(),
    // In one process the browser would end with its first closed page.
    args: sparticuz.args.filter((arg) => arg !== '--single-process'),
    headless: true,
  })
}
