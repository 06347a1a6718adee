// The system's C library, for the little that Bun itself offers no way to.

/** The library's names with glibc and with musl. */
const libraries: readonly string[] = ['libc.so.6', 'libc.so']

/** A function of the library. */
export type Native = (...args: readonly (number | Int32Array | Uint8Array)[]) => number

/** How each function is called. */
export type Signatures<Name extends string> = Readonly<
  Record<Name, { readonly args: readonly string[]; readonly returns: string }>
>

/** Functions of the library by name; undefined where there is no library of a known name, and elsewhere than on Linux. */
export async function systemLibrary<Name extends string>(
  signatures: Signatures<Name>,
): Promise<Readonly<Record<Name, Native>> | undefined> {
  if (process.platform !== 'linux') return undefined
  const { dlopen } = await import('bun:ffi')
  for (const library of libraries) {
    try {
      return dlopen(library, signatures).symbols
    } catch {
      // The next name.
    }
  }
  return undefined
}
