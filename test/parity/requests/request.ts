// What a recorded request is, and short ways to write one.
import type { BackendSettings } from '../../unit/http/state-backend.ts'

/**
 * One request. `{{name}}` in its path, headers or body stands for a value that an earlier answer of the suite gave:
 * the one whose request has that name in `keep`.
 */
export interface ParityRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text, or `bytes` times the letter x, or bytes in base64. */
  readonly body?: string | { readonly bytes: number } | { readonly base64: string }
  /** Names for values of the answer, each by its place in the JSON body: `ID`, `0.ModifyIndex`. */
  readonly keep?: Readonly<Record<string, string>>
}

/** One recorded exchange. */
export interface Exchange {
  readonly request: ParityRequest
  readonly answer: Answer
}

/** What was answered. */
export interface Answer {
  readonly status: number
  /** The headers that are compared, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Text; a body that is none in Latin-1. UUIDs that were kept stand in it as `{{name}}`. */
  readonly body: string
}

/** Requests that are put to one fresh agent, in order: later ones see what earlier ones wrote. */
export interface ParitySuite {
  readonly name: string
  /** By the file that keeps their answers. */
  readonly files: Readonly<Record<string, readonly ParityRequest[]>>
  /** Parts of bodies that are other with every agent, and what is compared in their place. */
  readonly volatile?: readonly (readonly [pattern: RegExp, shown: string])[]
  /** What we mean to answer otherwise; docs/compatibility.md lists the same, for users. */
  readonly differences?: readonly Difference[]
  /** Settings of the recorded agent in HCL, in place of `disable_coordinates=true`. */
  readonly agent?: string
  /** Requests whose index is no index of the log, but made of random IDs: 1 is compared, others only by being there. */
  readonly hasRandomIndex?: (request: ParityRequest) => boolean
  /** What our backend answers of itself, where it is not what every suite needs. */
  readonly settings?: BackendSettings
}

/** A difference: for which requests, why, and what it is. */
export interface Difference {
  readonly reason: string
  readonly matches: (request: ParityRequest) => boolean
  /** What we answer instead, as far as it is other. */
  readonly ours?: Partial<Answer>
  /** Takes the difference out of our answer, which must then equal the recorded one. */
  readonly undo?: (ours: Answer) => Answer
}

/** Matches requests by their path, as it is written in the list. */
export function path(...paths: readonly string[]): Difference['matches'] {
  return (request) => paths.includes(request.path)
}

/** Matches requests by their body. */
export function body(...texts: readonly string[]): Difference['matches'] {
  return (request) => typeof request.body === 'string' && texts.includes(request.body)
}

/** Reads. */
export function get(...paths: readonly string[]): ParityRequest[] {
  return paths.map((path) => ({ method: 'GET', path }))
}

/** A write; `keep` names values of its answer. */
export function put(
  path: string,
  body: NonNullable<ParityRequest['body']> = '',
  keep?: ParityRequest['keep'],
): ParityRequest {
  return { method: 'PUT', path, body, ...(keep !== undefined && { keep }) }
}

/** A deletion. */
export function remove(path: string): ParityRequest {
  return { method: 'DELETE', path }
}

/** The same write with several bodies. */
export function bodies(path: string, list: readonly string[]): ParityRequest[] {
  return list.map((body) => put(path, body))
}
