import { describe, expect, it } from 'vitest'
import type { QueryService } from '../../../src/model/prepared-query.ts'
import { compileQuery } from '../../../src/query/template.ts'
import { queryOf, serviceOf, templateOf } from './samples.ts'

/** What becomes of a service under a name, or why nothing does. */
function filled(
  name: string,
  service: Partial<QueryService>,
  template: Parameters<typeof templateOf>[0] = {},
): QueryService | string {
  const compiled = compileQuery(queryOf({ name: 'e-', template: templateOf(template) }, service))
  if (!compiled.ok) return compiled.error
  const value = compiled.value.fill({ name, segment: '' })
  return value.ok ? value.value : value.error
}

function text(name: string, source: string, regexp: string = ''): string {
  const value = filled(name, { service: source }, { regexp })
  return typeof value === 'string' ? value : value.service
}

describe('a query that is no template', () => {
  it('is what it is, braces and all', () => {
    const compiled = compileQuery(queryOf({}, { service: '${name.full}${bad' }))
    expect(compiled.ok && compiled.value.fill({ name: 'x', segment: '' })).toEqual({
      ok: true,
      value: serviceOf({ service: '${name.full}${bad' }),
    })
  })
})

describe('a template', () => {
  // All of these are answers of the reference.
  it.each([
    ['e-abc', '${name.full}|${name.prefix}|${name.suffix}|${agent.segment}', '', 'e-abc|e-|abc|'],
    ['e-a-b', '${match(0)}|${match(1)}|${match(2)}|${match(9)}', '^e-(.*)-(.*)$', 'e-a-b|a|b|'],
    ['e-ab', '${match(0)}|${match(1)}', '^e-(.*)-(.*)$', '|'],
    ['E-ab', '${name.suffix}|${match(1)}', '^e-(.*)$', 'E-ab|'],
    ['e-aaaxx', '${match(1)}', '(?i)^E-(?P<n>a+)', 'aaa'],
    ['e-a', 'x${match(-1)}y', '.*', 'xy'],
    ['e-a', 'x${match(1.5)}y', '(.)(.)', 'xey'],
    ['e-a', '${ name.full }x${  match( 1 ) }y', '', 'e-axy'],
    ['e-a', '$${x} $x {} a}b{ $', '', '${x} $x {} a}b{ $'],
    ['e-a', '$$', '', '$'],
    ['e-a', '${"q\\"x"} ${"a${name.suffix}b"} ${5} ${(name.full)}', '', 'q"x aab 5 e-a'],
  ])('makes of %s and %s with %s', (name, source, regexp, made) => {
    expect(text(name, source, regexp)).toBe(made)
  })

  it('fills in every text of the service', () => {
    const service: Partial<QueryService> = {
      service: '${name.suffix}',
      failover: { nearestN: 1, datacenters: ['${match(1)}'] },
      ignoreCheckIds: ['${match(1)}'],
      near: '${name.suffix}',
      tags: ['${match(1)}', '!${match(1)}'],
      nodeMeta: { '${a}': '${match(1)}' },
      serviceMeta: { b: '${name.suffix}' },
    }
    expect(filled('e-x', service, { regexp: '-(.)' })).toEqual(
      serviceOf({
        service: 'x',
        failover: { nearestN: 1, datacenters: ['x'] },
        ignoreCheckIds: ['x'],
        near: 'x',
        tags: ['x', '!x'],
        nodeMeta: { '${a}': 'x' },
        serviceMeta: { b: 'x' },
      }),
    )
  })

  it('drops empty tags only when told to, and only those that are empty', () => {
    const tags = ['${match(5)}', ' ', '!', 'a']
    expect(filled('e-x', { tags })).toMatchObject({ tags: ['', ' ', '!', 'a'] })
    expect(filled('e-x', { tags }, { removeEmptyTags: true })).toMatchObject({ tags: [' ', '!', 'a'] })
  })

  it.each([
    ['${nope}', "Bad evaluation for '${nope}' in Service.Service: 1:3: unknown variable accessed: nope"],
    [
      'web-${match(x)}',
      "Bad evaluation for 'web-${match(x)}' in Service.Service: 1:13: unknown variable accessed: x",
    ],
    ['a\nb${bad}', "Bad evaluation for 'a\nb${bad}' in Service.Service: 2:5: unknown variable accessed: bad"],
    [
      '${upper(1)}',
      "Bad evaluation for '${upper(1)}' in Service.Service: 1:3: unknown function called: upper",
    ],
    [
      '${match()}',
      "Bad evaluation for '${match()}' in Service.Service: 1:3: match: expected 1 arguments, got 0",
    ],
    [
      '${match(1,2)}',
      "Bad evaluation for '${match(1,2)}' in Service.Service: 1:3: match: expected 1 arguments, got 2",
    ],
    [
      '${match(name.full)}',
      "Bad evaluation for '${match(name.full)}' in Service.Service: " +
        '__builtin_StringToInt: strconv.ParseInt: parsing "e-": invalid syntax',
    ],
    ['web-${name.full', "Bad format 'web-${name.full' in Service.Service: parse error: syntax error"],
    ['web-${}', "Bad format 'web-${}' in Service.Service: parse error: syntax error"],
    ['${name . full}', "Bad format '${name . full}' in Service.Service: parse error: syntax error"],
  ])('is refused with %s', (source, problem) => {
    expect(text('e-x', source)).toBe(`failed compiling template: ${problem}`)
  })

  it('names the first place that cannot be filled in, in the order of the reference', () => {
    const tags = ['ok', '${c}']
    const service = { near: '${b}', tags, ignoreCheckIds: ['${a}'], nodeMeta: { k: '${d}' } }
    expect(filled('e-x', service)).toContain('Service.IgnoreCheckIDs[0]')
    expect(filled('e-x', { ...service, ignoreCheckIds: [] })).toContain('Service.Near')
    expect(filled('e-x', { tags })).toContain('Service.Tags[1]')
    expect(filled('e-x', { nodeMeta: { k: '${d}' } })).toContain('Service.NodeMeta[k]')
  })

  it('says what is wrong with its regular expression', () => {
    expect(text('e-x', 'a', '(')).toBe(
      'failed compiling template: Bad Regexp: error parsing regexp: missing closing ): `(`',
    )
  })

  it('is not held up by a hostile expression, nor by braces in braces', () => {
    expect(text(`e-${'a'.repeat(1000)}!`, '${match(1)}', '(a+)+$')).toBe('')
    expect(text('e-x', '${"'.repeat(5000))).toContain('syntax error')
    expect(text('e-x', '${('.repeat(5000))).toContain('syntax error')
    expect(text('e-x', '${match('.repeat(5000))).toContain('syntax error')
  })
})
