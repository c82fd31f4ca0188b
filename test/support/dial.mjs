// Connects to every address in its argument, a list of { host, port } in JSON, at once, and prints what came of each.
import { connect } from "node:net";

const dial = ({ host, port }) =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3_000 });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => end("connected"));
    socket.on("error", ({ code }) => end(code));
    socket.on("timeout", () => end("timed out"));
  });

console.log(JSON.stringify(await Promise.all(JSON.parse(process.argv[2]).map(dial))));
