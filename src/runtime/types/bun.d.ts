// The modules of Bun that this program imports, in the shapes it relies on.

declare module 'bun:ffi' {
  /** Loads functions of a native library; a pointer is given as the array that holds its bytes. */
  export function dlopen<Name extends string>(
    library: string,
    symbols: Readonly<Record<Name, { readonly args: readonly string[]; readonly returns: string }>>,
  ): {
    readonly symbols: Readonly<
      Record<Name, (...args: readonly (number | Int32Array | Uint8Array)[]) => number>
    >
  }

  /** Where the bytes of an array are; they stay there for as long as the array lives. */
  export function ptr(bytes: Uint8Array): number
}
