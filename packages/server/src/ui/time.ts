import { type Time, toTimestamp } from '../core/time.ts'
import { type Markup, markup } from './markup.ts'

const FORMAT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })

/** A moment for people and for machines. Always UTC: a server does not know where its reader is. */
export const renderTime = (time: Time): Markup =>
  markup`<time datetime="${toTimestamp(time)}">${FORMAT.format(time)} UTC</time>`
