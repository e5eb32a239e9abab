import type { Fn, Value } from '../runtime/values.ts'
import { arrays } from './arrays.ts'
import { assertions } from './assertions.ts'
import { encoding } from './encoding.ts'
import { manifestJson } from './manifest-json.ts'
import { manifestOther } from './manifest-other.ts'
import { manifestToml } from './manifest-toml.ts'
import { manifestYaml } from './manifest-yaml.ts'
import { math } from './math.ts'
import { objects } from './objects.ts'
import { parsing } from './parse.ts'
import { sets } from './sets.ts'
import { strings } from './strings.ts'
import { types } from './types.ts'

const chapters = [
  types,
  math,
  strings,
  arrays,
  sets,
  objects,
  encoding,
  manifestJson,
  manifestYaml,
  manifestToml,
  manifestOther,
  parsing,
  assertions,
]

/** All members of the library but `thisFile`, which depends on the program. */
export const members: ReadonlyMap<string, Value> = new Map(chapters.flatMap((chapter) => Object.entries(chapter)))

/** The functions among them. */
export const library: ReadonlyMap<string, Fn> = new Map(
  [...members].flatMap(([name, value]): [string, Fn][] =>
    typeof value === 'object' && value.kind === 'function' ? [[name, value]] : [],
  ),
)
