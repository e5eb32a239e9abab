import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts'

const ui = (name: string) => `http://ui.example.test/${name}`

/** All five flows, by code unless told otherwise. */
export const fiveFlows = (flows: JsonObject = {}, methods: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  courier: { smtp: { connection_uri: 'smtp://127.0.0.1:1/?disable_starttls=true' } },
  selfservice: {
    methods: { link: { enabled: true }, ...methods },
    flows: {
      ...flows,
      settings: { ui_url: ui('settings'), privileged_session_max_age: '15m', ...object(flows.settings) },
      recovery: { enabled: true, ui_url: ui('recovery'), lifespan: '1h', ...object(flows.recovery) },
      verification: { enabled: true, ui_url: ui('verification'), lifespan: '1h', ...object(flows.verification) },
    },
  },
  ...more,
})

const object = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {})
