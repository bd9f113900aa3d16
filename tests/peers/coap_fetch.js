// coap_fetch: fetches a resource with the coap package of npm and writes it to standard output.
//
//     node coap_fetch.js URI SZX NUMBER      from that block of that size on
//
// The package gathers a body that begins with block 0; from a later block on, each is asked for by itself.
const coap = require('coap')

const [uri, szxText, numberText] = process.argv.slice(2)
const szx = Number(szxText)

function block2 (number) {
  const value = Buffer.alloc(4)
  value.writeUInt32BE((number << 4) | szx)
  return value.subarray(number < 16 ? 3 : number < 4096 ? 2 : 1)
}

function ask (number, done) {
  const { hostname, port, pathname } = new URL(uri)
  const request = coap.request({ hostname, port: Number(port), pathname })
  request.setOption('Block2', block2(number))
  request.on('error', fail)
  request.on('response', (response) => {
    if (response.code !== '2.05') fail(new Error(`answer ${response.code}`))
    done(response)
  })
  request.end()
}

function fail (error) {
  console.error(error.message)
  process.exit(1)
}

function finish () {
  process.stdout.write('', () => process.exit(0))
}

function isLast (response) {
  const option = response.options.find(({ name }) => name === 'Block2').value
  return (option[option.length - 1] & 8) === 0
}

function askOneByOne (number) {
  ask(number, (response) => {
    process.stdout.write(response.payload)
    if (isLast(response)) finish()
    else askOneByOne(number + 1)
  })
}

if (Number(numberText) === 0) {
  ask(0, (response) => {
    process.stdout.write(response.payload)
    finish()
  })
} else {
  askOneByOne(Number(numberText))
}
