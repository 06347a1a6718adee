// The port to sockets of the file system; a part of host.ts. Types only.

/** Datagrams to sockets of the file system: the way to the system's log. */
export interface UnixDatagrams {
  /** Opens a socket of no name. Rejects with HostError. */
  open(): Promise<UnixDatagramSocket>
}

/** An open socket. */
export interface UnixDatagramSocket {
  /** False if nobody listens at that path, or its queue is full: nothing waits. */
  send(bytes: Uint8Array, path: string): boolean
  close(): void
}
