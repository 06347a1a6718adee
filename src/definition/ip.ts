// Whether a text is an IP address, as far as definitions need it.

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`)
const group = /^[\da-f]{1,4}$/i

/** The family of an IP address; null for a name. */
export function addressFamily(text: string): 'ipv4' | 'ipv6' | null {
  if (ipv4.test(text)) return 'ipv4'
  return isIpv6(text) ? 'ipv6' : null
}

function isIpv6(text: string): boolean {
  if (!text.includes(':')) return false
  const lastColon = text.lastIndexOf(':')
  const tail = text.slice(lastColon + 1)
  // An IPv4 address at the end stands for two groups.
  const plain = ipv4.test(tail) ? `${text.slice(0, lastColon + 1)}0:0` : text
  const halves = plain.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  return (
    groups.every((each) => group.test(each)) &&
    (halves.length === 2 ? groups.length < 8 : groups.length === 8)
  )
}
