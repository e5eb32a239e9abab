{ hello: 'hello' }
