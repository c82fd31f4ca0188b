import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";

/** Starts a server on a free port of this machine. */
export async function listening(
  server: Server,
): Promise<{ port: number; close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    });
  return { port: (server.address() as AddressInfo).port, close };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const { port, close } = await listening(createServer());
  await close();
  return port;
}
