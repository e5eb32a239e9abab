import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { at } from '../../../test/http-client.ts'
import { schemaIn, schemasOf } from '../../../test/contract.ts'
import { version } from '../../cli/version.ts'
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts'
import { apis, openApiDocument } from './document.ts'

const folder = new URL('../../../../../docs/openapi/', import.meta.url)

const objectsIn = (value: Json | undefined): [string, JsonObject][] =>
  isJsonObject(value ?? null)
    ? Object.entries(value ?? {}).flatMap(([name, item]): [string, JsonObject][] =>
        isJsonObject(item) ? [[name, item]] : [],
      )
    : []

const listIn = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])

const documentOf = (name: keyof typeof apis): JsonObject => {
  const document: JsonObject = JSON.parse(JSON.stringify(openApiDocument(apis[name], version)))
  return document
}

describe.each(['identity-public', 'identity-admin', 'oauth2-public', 'oauth2-admin'] as const)('%s', (name) => {
  const document = documentOf(name)
  const operations = objectsIn(document['paths']).flatMap(([path, item]) =>
    objectsIn(item).map(([method, operation]) => ({ path, method, operation })),
  )

  test('what is written down is what the routes say', () => {
    expect(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))).toEqual(document)
  })

  test('it is an OpenAPI 3.1 document', () => {
    expect(document['openapi']).toBe('3.1.0')
    for (const member of ['title', 'version']) expect(at(document['info'], member)).toEqual(expect.any(String))
    expect(operations.length).toBeGreaterThan(15)
    for (const { path, method, operation } of operations) {
      expect(path).toMatch(/^\/[\w\-./{}]*$/)
      expect(['get', 'post', 'put', 'patch', 'delete']).toContain(method)
      expect(operation['summary']).toEqual(expect.stringMatching(/\w/))
      const responses = objectsIn(operation['responses'])
      for (const [status, told] of responses) {
        expect(status).toMatch(/^([1-5]\d\d|default)$/)
        expect(told['description']).toEqual(expect.stringMatching(/\w/))
      }
      const parameters = listIn(operation['parameters']).map((one) => [
        at(one, 'in'),
        at(one, 'name'),
        at(one, 'required'),
      ])
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, part]) => ['path', part, true])
      expect(parameters.filter(([place]) => place === 'path')).toEqual(inPath)
      expect(new Set(parameters.map((parameter) => JSON.stringify(parameter))).size).toBe(parameters.length)
      expect(method === 'get' ? operation['requestBody'] : undefined).toBeUndefined()
    }
  })

  test('every operation has a name of its own', () => {
    const ids = operations.map(({ operation }) => operation['operationId'])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('every schema is one, and every reference leads somewhere', () => {
    const ajv = schemasOf(document)
    const schemas = operations.flatMap(({ operation }) => [
      ...listIn(operation['parameters']).map((parameter) => at(parameter, 'schema')),
      ...[operation['requestBody'], ...objectsIn(operation['responses']).map(([, told]) => told)].flatMap((body) =>
        objectsIn(at(body, 'content')).map(([, { schema }]) => schema),
      ),
    ])
    expect(schemas.length).toBeGreaterThan(20)
    for (const schema of schemas) expect(() => ajv.compile(schemaIn(schema ?? null))).not.toThrow()
    for (const [, schema] of objectsIn(at(document['components'], 'schemas')))
      expect(() => ajv.compile(schemaIn(schema))).not.toThrow()
  })
})
