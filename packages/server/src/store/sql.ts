export type Dialect = 'sqlite' | 'postgres'

/** A constant of SQL in both dialects. PostgreSQL prepares it under its name, once per connection. */
export type Statement = {
  readonly name: string
  readonly text: { readonly [D in Dialect]: string }
  /** Whether it answers with rows. */
  readonly returns: boolean
}

/** Where the dialects differ, by meaning. */
export type Words = {
  readonly dialect: Dialect
  /** A subquery's rows as one JSON array, each row an array of its columns. */
  readonly rows: (columns: readonly string[], from: string, order: string) => string
  /** A subquery's column as one JSON array. */
  readonly list: (column: string, from: string, order: string) => string
  /** A column of JSON, to be part of a greater document. */
  readonly json: (column: string) => string
  /** The members of a parameter that holds a JSON array of texts. */
  readonly members: (parameter: string) => string
  /** Whether a column is among those members; each is looked up by itself. */
  readonly among: (column: string, parameter: string) => string
  /** The database's time in milliseconds, or the parameter's where that is not null. */
  readonly now: (parameter: string) => string
  /** Passes over rows that another worker is just claiming. */
  readonly skipLocked: string
  /** The order in which rows were committed, as far as one had to wait for the other. */
  readonly ordinal: (alias: string) => string
  readonly least: (...values: readonly string[]) => string
  readonly greatest: (...values: readonly string[]) => string
  /** A parameter that holds a JSON array of objects, as a table with one column `it`; and a text within it. */
  readonly objects: (parameter: string, alias: string) => string
  readonly text: (alias: string, key: string) => string
  readonly number: (alias: string, key: string) => string
  /** Whether a column is among what a subquery finds; each is looked up by itself. */
  readonly within: (column: string, subquery: string) => string
  /** Of each row before it, the first row that a condition leaves; it is looked up by itself. */
  readonly joinFirst: (table: string, alias: string, condition: string, order: string) => string
  /** A parameter where only its place would not tell what it is. */
  readonly whole: (parameter: string) => string
  readonly real: (parameter: string) => string
}

/** A statement is written once; `$1`, `$2` … are its parameters, in both dialects. */
export function statement(name: string, write: string | ((words: Words) => string)): Statement {
  const textIn = (words: Words) => (typeof write === 'string' ? write : write(words))
  const postgres = textIn(inPostgres)
  return {
    name,
    text: { sqlite: textIn(inSqlite).replaceAll(/\$(?=\d)/g, '?'), postgres },
    returns: /^\s*(with|select)\b|\breturning\b/i.test(postgres),
  }
}

const inSqlite: Words = {
  dialect: 'sqlite',
  rows: (columns, from, order) =>
    `(select json_group_array(json_array(${columns.join(', ')}) order by ${order}) from ${from})`,
  list: (column, from, order) => `(select json_group_array(${column} order by ${order}) from ${from})`,
  json: (column) => `json(${column})`,
  members: (parameter) => `(select value from json_each(${parameter}))`,
  among: (column, parameter) => `${column} in (select value from json_each(${parameter}))`,
  now: (parameter) => parameter,
  // There is one writer: nobody to pass over.
  skipLocked: '',
  ordinal: (alias) => `${alias}.rowid`,
  least: (...values) => `min(${values.join(', ')})`,
  greatest: (...values) => `max(${values.join(', ')})`,
  objects: (parameter, alias) => `json_each(${parameter}) ${alias}`,
  text: (alias, key) => `${alias}.value->>'${key}'`,
  number: (alias, key) => `${alias}.value->>'${key}'`,
  within: (column, subquery) => `${column} in (${subquery})`,
  joinFirst: (table, alias, condition, order) => `join ${table} ${alias} on ${alias}.id =
    (select id from ${table} first where ${condition} order by ${order} limit 1)`,
  whole: (parameter) => parameter,
  real: (parameter) => parameter,
}

const inPostgres: Words = {
  dialect: 'postgres',
  rows: (columns, from, order) =>
    `(select coalesce(json_agg(json_build_array(${columns.join(', ')}) order by ${order}), '[]') from ${from})`,
  list: (column, from, order) => `(select coalesce(json_agg(${column} order by ${order}), '[]') from ${from})`,
  json: (column) => `${column}::json`,
  members: (parameter) => `(select json_array_elements_text(${parameter}::json))`,
  // An array, and not a subquery: that would be joined, by a look through the whole table.
  among: (column, parameter) => `${column} = any (array(select json_array_elements_text(${parameter}::json)))`,
  // The statement's time and not the call's: an index can be searched with it.
  now: (parameter) => `coalesce(${parameter}::bigint, (extract(epoch from statement_timestamp()) * 1000)::bigint)`,
  skipLocked: 'for update skip locked',
  ordinal: (alias) => `${alias}.ordinal`,
  least: (...values) => `least(${values.join(', ')})`,
  greatest: (...values) => `greatest(${values.join(', ')})`,
  objects: (parameter, alias) => `json_array_elements(${parameter}::json) as ${alias} (it)`,
  text: (alias, key) => `${alias}.it->>'${key}'`,
  number: (alias, key) => `(${alias}.it->>'${key}')::bigint`,
  joinFirst: (table, alias, condition, order) =>
    `cross join lateral (select * from ${table} first where ${condition} order by ${order} limit 1) ${alias}`,
  // As above.
  within: (column, subquery) => `${column} = any (array(${subquery}))`,
  whole: (parameter) => `${parameter}::bigint`,
  real: (parameter) => `${parameter}::double precision`,
}

/** `insert into table` with the columns in the order in which the values are given. */
export const insertInto = (table: string, columns: readonly string[], rest = '') =>
  statement(
    `${table}.insert`,
    `insert into ${table} (${columns.join(', ')}) values (${columns.map((_, at) => `$${at + 1}`).join(', ')}) ${rest}`,
  )
