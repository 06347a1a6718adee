import { expect, test } from 'vitest'
import { expandTemplate } from '../../../src/config/template.ts'
import { onInterface } from './machine.ts'

const around = {
  interfaces: [
    onInterface('lo', '127.0.0.1', 8),
    onInterface('lo', '::1', 128),
    onInterface('eth0', '10.0.0.5'),
    onInterface('eth0', 'fe80::5'),
    onInterface('eth1', '192.168.3.7', 16),
    onInterface('eth1', '2600:db8::7'),
    onInterface('wan0', '8.8.4.4'),
  ],
  defaultInterface: 'eth1',
}

test.each([
  ['{{ GetPrivateIP }}', '192.168.3.7'],
  ['{{GetPrivateIPs}}', '192.168.3.7 10.0.0.5'],
  ['{{ GetPublicIP }}', '2600:db8::7'],
  ['{{ GetPublicIPs }}', '2600:db8::7 8.8.4.4'],
  ['{{ GetInterfaceIP "eth0" }}', '10.0.0.5'],
  ['{{ GetInterfaceIP `wan0` }}', '8.8.4.4'],
  ['{{ GetInterfaceIPs "eth1" }}', '192.168.3.7 2600:db8::7'],
  ['{{ GetInterfaceIP "nosuch" }}', ''],
  ['{{ GetInterfaceIP "lo" }}', ''],
  ['{{ GetAllInterfaces | include "name" "eth" | exclude "type" "IPv6" | attr "address" }}', '10.0.0.5'],
  [
    '{{ GetAllInterfaces | include "name" "eth" | include "type" "IPv4" | sort "-address" | attr "address" }}',
    '192.168.3.7',
  ],
  ['{{ GetAllInterfaces | include "network" "192.168.0.0/16" | join "address" " " }}', '192.168.3.7'],
  ['{{ GetAllInterfaces | include "rfc" "1918" | sort "+name" | limit 1 | attr "name" }}', 'eth0'],
  ['{{ GetAllInterfaces | include "flags" "loopback|up" | join "name" "," }}', 'lo,lo'],
  ['{{ GetAllInterfaces | include "flags" "loopback" | unique "name" | join "name" "," }}', 'lo'],
  ['{{ GetPrivateInterfaces | offset 1 | attr "network" }}', '10.0.0.0/24'],
  ['{{ GetDefaultInterfaces | sort "type" | attr "string" }}', '192.168.3.7/16'],
  ['{{ GetPublicInterfaces | include "type" "IPv4" | attr "address" }}', '8.8.4.4'],
  [
    '{{ GetAllInterfaces | exclude "flags" "forwardable" | include "address" "^fe80" | attr "type" }}',
    'IPv6',
  ],
  ['{{ GetPrivateIP }}:8301', '192.168.3.7:8301'],
  ['10.0.0.1', '10.0.0.1'],
])('%s is "%s"', (text, value) => {
  expect(expandTemplate(text, around)).toEqual({ ok: true, value })
})

test.each([
  ['{{ Foo }}', /^"Foo" is not a function; there are GetAllInterfaces, /],
  ['{{ include "name" "x" }}', /^"include" needs interfaces to work on/],
  ['{{ GetPrivateIP | attr "name" }}', /^"attr" cannot be applied to what stands before it$/],
  ['{{ GetAllInterfaces | attr "colour" }}', /^"colour" is not an attribute; there are address, /],
  ['{{ GetAllInterfaces | include "colour" "red" }}', /^"colour" is nothing to choose by/],
  ['{{ GetAllInterfaces | include "name" "(" }}', /^"\(" is not a regular expression$/],
  ['{{ GetAllInterfaces | include "rfc" "1" }}', /^RFC 1 is not known$/],
  ['{{ GetAllInterfaces | include "network" "x" }}', /^"x" is not a network$/],
  ['{{ GetAllInterfaces | sort "colour" }}', /^"colour" is no order/],
  ['{{ GetAllInterfaces | limit "x" }}', /^limit needs a whole number$/],
  ['{{ GetInterfaceIP }}', /needs the name of an interface/],
  ['{{ GetInterfaceIP "eth0 }}', /^a quote is not closed/],
  ['{{ }}', /there is nothing between/],
])('%s is refused', (text, message) => {
  const expanded = expandTemplate(text, around)
  expect(!expanded.ok && expanded.error).toMatch(message)
})
