// What can be selected in the values of an answer: fields by name, and how each is read. Built with the functions below,
// which see to it that a shape fits the type that it describes.

/** A described value. */
export type Shape =
  | { readonly kind: 'text' | 'whole' | 'truth' }
  /** In order; a selector that goes into the list is true if it is for any of its values. */
  | { readonly kind: 'list'; readonly of: Shape }
  /** By text, each under its own name. */
  | { readonly kind: 'map'; readonly of: Shape }
  | StructShape<never>

/** A value of type `T` with fields by name. */
export interface StructShape<T> {
  readonly kind: 'struct'
  readonly fields: ReadonlyMap<string, Field<T>>
}

/** A field, and how it is read from what it belongs to. */
export interface Field<T> {
  readonly shape: Shape
  readonly read: (owner: T) => unknown
}

/** A value with these fields. */
export function struct<T>(fields: Readonly<Record<string, Field<T>>>): StructShape<T> {
  return { kind: 'struct', fields: new Map(Object.entries(fields)) }
}

/** A field that is a text. */
export function text<T>(read: (owner: T) => string): Field<T> {
  return { shape: { kind: 'text' }, read }
}

/** A field that is a whole number. */
export function whole<T>(read: (owner: T) => number): Field<T> {
  return { shape: { kind: 'whole' }, read }
}

/** A field that is a truth value. */
export function truth<T>(read: (owner: T) => boolean): Field<T> {
  return { shape: { kind: 'truth' }, read }
}

/** A field that is a list of texts. */
export function texts<T>(read: (owner: T) => readonly string[]): Field<T> {
  return { shape: { kind: 'list', of: { kind: 'text' } }, read }
}

/** A field that is text by text. */
export function textMap<T>(read: (owner: T) => Readonly<Record<string, string>>): Field<T> {
  return { shape: { kind: 'map', of: { kind: 'text' } }, read }
}

/** A field that has fields itself. */
export function within<T, V>(shape: StructShape<V>, read: (owner: T) => V): Field<T> {
  return { shape, read }
}

/** A field that is a list of values with fields. */
export function listOf<T, V>(shape: StructShape<V>, read: (owner: T) => readonly V[]): Field<T> {
  return { shape: { kind: 'list', of: shape }, read }
}

/** A field that is values with fields, by text. */
export function mapOf<T, V>(
  shape: StructShape<V>,
  read: (owner: T) => Readonly<Record<string, V>>,
): Field<T> {
  return { shape: { kind: 'map', of: shape }, read }
}
