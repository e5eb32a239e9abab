import { expect, test } from 'vitest'
import { classifyAddress } from './classify-address.ts'

test.each([
  ['93.184.216.34', 'public'],
  ['2606:4700:4700::1111', 'public'],
  ['127.0.0.1', 'private'],
  ['127.1', 'private'],
  ['2130706433', 'private'],
  ['0x7f000001', 'private'],
  ['0x7f.1', 'private'],
  ['0177.0.0.1', 'private'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.0.1', 'private'],
  ['169.254.1.1', 'private'],
  ['0.0.0.0', 'special'],
  ['0', 'special'],
  ['100.64.0.1', 'special'],
  ['192.0.0.1', 'special'],
  ['192.0.2.1', 'special'],
  ['198.18.0.1', 'special'],
  ['198.51.100.1', 'special'],
  ['203.0.113.1', 'special'],
  ['224.0.0.1', 'special'],
  ['240.0.0.1', 'special'],
  ['255.255.255.255', 'special'],
  ['169.254.169.254', 'metadata'],
  ['2852039166', 'metadata'],
  ['0xa9fea9fe', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['[fd00:ec2::254]', 'metadata'],
  ['fd00:0ec2:0:0:0:0:0:254', 'metadata'],
  ['::1', 'private'],
  ['[::1]', 'private'],
  ['::1%lo', 'private'],
  ['fc00::1', 'private'],
  ['fd12:3456::1', 'private'],
  ['::', 'special'],
  ['fe80::1', 'special'],
  ['fe80::1%eth0', 'special'],
  ['fec0::1', 'special'],
  ['ff02::1', 'special'],
  ['2001:db8::1', 'special'],
  ['2001:10::1', 'special'],
  ['5f00::1', 'special'],
  ['4000::1', 'special'],
  ['100::1', 'special'],
  // Mapped and NAT64 are judged by the address they reach.
  ['::ffff:127.0.0.1', 'private'],
  ['::ffff:7f00:1', 'private'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['::ffff:93.184.216.34', 'public'],
  ['64:ff9b::7f00:1', 'private'],
  ['64:ff9b::a9fe:a9fe', 'metadata'],
  ['64:ff9b::5db8:d822', 'public'],
  // Other carriers have no business in a URL, whatever they carry.
  ['64:ff9b:1::a00:1', 'special'],
  ['64:ff9b:1::a9fe:a9fe', 'metadata'],
  ['::7f00:1', 'special'],
  ['::ffff:0:7f00:1', 'special'],
  ['2002:7f00:1::', 'special'],
  ['2002:5db8:d822::', 'special'],
  ['2002:a9fe:a9fe::', 'metadata'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'special'],
  ['2606:4700::5efe:a00:1', 'special'],
  ['2606:4700::200:5efe:a9fe:a9fe', 'metadata'],
  ['2606:4700::5efe:5db8:d822', 'public'],
] as const)('%s is %s', (address, kind) => {
  expect(classifyAddress(address)).toBe(kind)
})

test.each(['localhost', 'example.test', '', '256.1.1.1', 'metadata.google.internal', '1.2.3.4.5', '::g'])(
  '%j is no address',
  (name) => {
    expect(classifyAddress(name)).toBeNull()
  },
)

// However an address is carried, what must not be reached stays out of reach.
test.each(['127.0.0.1', '10.0.0.1', '172.16.5.4', '192.168.1.1', '169.254.1.1', '100.64.0.1', '0.0.0.0', '224.0.0.1'])(
  '%s is never public, whatever carries it',
  (address) => {
    const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
    const pair = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`
    const carried = [
      `::ffff:${pair}`,
      `::${pair}`,
      `::ffff:0:${pair}`,
      `64:ff9b::${pair}`,
      `64:ff9b:1::${pair}`,
      `2002:${pair}::`,
      `2606:4700::5efe:${pair}`,
      `2606:4700::200:5efe:${pair}`,
    ]
    expect(carried.filter((spelling) => ['public', null].includes(classifyAddress(spelling)))).toEqual([])
  },
)
