import { connect, createServer, type Server } from "node:net";
import { sleep } from "../support/process.ts";

/**
 * One at a time may start, stop or delete the local cluster of this machine. The lock is a socket in
 * Linux' abstract namespace: it has no file, and the kernel lets go of it when its holder ends,
 * however it ends. Whoever finds it taken asks the holder who it is.
 */
const socketName = "\0mlops-local-cluster";

export async function withLock<T>(
  purpose: string,
  work: () => Promise<T>,
  onWait: (holder: string) => void,
): Promise<T> {
  for (let last = ""; ;) {
    const server = await listen(`process ${process.pid}, which is ${purpose} the local cluster`);
    if (server) {
      try {
        return await work();
      } finally {
        server.close();
      }
    }
    const current = await holder();
    if (current !== last) onWait((last = current));
    await sleep(250);
  }
}

function listen(introduction: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end(introduction);
    });
    server.unref(); // a failed command must not hang on its lock
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(socketName, () => resolve(server));
  });
}

function holder(): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(socketName);
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => {}); // it let go just now
    socket.on("close", () => resolve(text));
    socket.setTimeout(2_000, () => socket.destroy());
  });
}
