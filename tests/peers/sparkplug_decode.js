// sparkplug_decode: decodes Sparkplug B payloads with the sparkplug-payload package of npm, which Eclipse Tahu makes.
//
//     node sparkplug_decode.js     payloads in hex, one a line, on standard input; JSON, one a line, on standard output
const readline = require('readline')
const { decodePayload } = require('sparkplug-payload').get('spBv1.0')

// Numbers of 64 bits come as objects, bytes as arrays.
function plain (key, value) {
  if (value && typeof value === 'object' && 'low' in value && 'high' in value) {
    return (value.high >>> 0) * 4294967296 + (value.low >>> 0)
  }
  if (value && value.type === 'Buffer') return Buffer.from(value.data).toString('hex')
  return value
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const payload = decodePayload(Buffer.from(line, 'hex'))
  console.log(JSON.stringify(payload, plain))
})
