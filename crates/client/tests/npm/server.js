// `node server.js URL`: socket.io, over HTTP alone, in front of a relay: each connection to it becomes a
// WebSocket to the relay. Prints its own address.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { WebSocket } from "ws";

const [relay] = process.argv.slice(2);
const http = createServer();
const server = new Server(http, {
  serveClient: false,
  transports: ["polling"],
  maxHttpBufferSize: 8 << 20,
});

server.on("connection", (socket) => {
  const onward = new WebSocket(relay);
  const open = new Promise((opened) => onward.on("open", opened));
  onward.on("message", (frame) => socket.emit("frames", [frame], () => {}));
  onward.on("close", () => socket.disconnect(true));
  socket.on("frames", async (frames, acknowledge) => {
    await open;
    for (const frame of frames) onward.send(frame);
    acknowledge?.();
  });
  socket.on("disconnect", () => onward.close());
});

// No WebSocket gets through.
http.on("upgrade", (_, stream) => stream.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
