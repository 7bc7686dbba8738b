// The router in Node with `socket.io`: a topic is a room, a message an event with an acknowledgement.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, {
  serveClient: false,
  transports: ["websocket"],
  perMessageDeflate: false,
  maxHttpBufferSize: 8 << 20,
});

server.on("connection", (socket) => {
  socket.on("join", (topic, done) => {
    socket.join(topic);
    done();
  });
  socket.on("put", (topic, bytes, done) => {
    done();
    server.to(topic).emit("entry", bytes);
  });
});

http.listen(0, "127.0.0.1", () => console.log(`listening on ws://127.0.0.1:${http.address().port}`));
