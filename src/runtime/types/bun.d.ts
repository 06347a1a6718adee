// The modules of Bun that this program imports, in the shapes it relies on.

declare module 'bun:ffi' {
  /** Loads functions of a native library. */
  export function dlopen(
    library: string,
    symbols: { readonly setsockopt: { readonly args: readonly string[]; readonly returns: string } },
  ): { readonly symbols: { readonly setsockopt: (...args: readonly (number | Int32Array)[]) => number } }
}
