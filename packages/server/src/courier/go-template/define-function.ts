import { type Budget, Refusal } from './limits.ts'
import { type Dict, isDict, isList, isNothing, kindOf, show, type Value } from './values.ts'

/** A function that templates may call. */
export type GoFunction = {
  readonly least: number
  readonly most: number
  run(values: readonly Value[], budget: Budget): Value
}

type Run = (args: Arguments, budget: Budget) => Value

/** A function with a fixed number of arguments, or from so many to so many. */
export const fn = (least: number, most: number, run: Run): GoFunction => ({
  least,
  most,
  run: (values, budget) => {
    budget.spend()
    return run(argumentsOf(values, budget), budget)
  },
})

export const MANY = Number.POSITIVE_INFINITY

/** The arguments of one call, read as the kind that the function needs; anything else is refused as Go would. */
export type Arguments = {
  readonly all: readonly Value[]
  readonly any: (at: number) => Value
  readonly text: (at: number) => string
  /** Any value, as a text. */
  readonly shown: (at: number) => string
  /** A whole number; texts and fractions are converted, as sprig does. */
  readonly int: (at: number) => number
  readonly number: (at: number) => number
  readonly list: (at: number) => readonly Value[]
  readonly dict: (at: number) => Dict
}

function argumentsOf(values: readonly Value[], budget: Budget): Arguments {
  const wrong = (at: number, need: string) => {
    const value = values[at]
    const got = isNothing(value) ? 'nothing' : kindOf(value)
    return new Refusal(`argument ${at + 1} must be ${need}, it is ${got}`)
  }
  return {
    all: values,
    any: (at) => values[at],
    text: (at) => {
      const value = values[at]
      if (typeof value !== 'string') throw wrong(at, 'a string')
      budget.spend(value.length)
      return value
    },
    shown: (at) => shown(budget, values[at]),
    int: (at) => toInt(values[at]),
    number: (at) => toNumber(values[at]),
    list: (at) => {
      const value = values[at]
      if (!isList(value)) throw wrong(at, 'a list')
      budget.spend(value.length)
      return value
    },
    dict: (at) => {
      const value = values[at]
      if (!isDict(value)) throw wrong(at, 'a map')
      budget.spend(Object.keys(value).length)
      return value
    },
  }
}

/** A value as a text, paid for before it is made. */
export function shown(budget: Budget, value: Value): string {
  if (typeof value === 'string') {
    budget.spend(value.length)
    return value
  }
  budget.claim(sizeOf(budget, value))
  return show(value)
}

/** About how long a value is as a text. One that holds itself a thousand times over is refused on the way. */
export function sizeOf(budget: Budget, value: Value): number {
  let size = 0
  const measure = (part: Value): void => {
    size += typeof part === 'string' ? part.length + 2 : 8
    if (size > budget.limits.size) throw new Refusal('a text grows too long')
    if (isList(part)) part.forEach(measure)
    if (!isDict(part)) return
    for (const [key, item] of Object.entries(part)) {
      size += key.length
      measure(item)
    }
  }
  measure(value)
  return size
}

/** What is no number counts as 0 (sprig, `int64`). */
export function toNumber(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  const text = typeof value === 'string' ? value.trim() : ''
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : 0
}

export const toInt = (value: Value) => {
  const whole = Math.trunc(toNumber(value))
  return Object.is(whole, -0) ? 0 : whole
}
