// The router in Node with `ws`. A message is its own delivery: kind 0, topic of 32 bytes, number of 8,
// what is said. Kind 1 with a topic subscribes; kind 2 with a number acknowledges.
import { WebSocketServer } from "ws";

const topics = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });

server.on("listening", () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));

server.on("connection", (socket) => {
  socket._socket.setNoDelay(true);
  const mine = [];
  socket.on("message", (bytes) => {
    const topic = bytes.latin1Slice(1, 33);
    if (bytes[0] === 0) {
      const taken = Buffer.allocUnsafe(9);
      taken[0] = 2;
      bytes.copy(taken, 1, 33, 41);
      socket.send(taken);
      for (const reader of topics.get(topic) ?? []) reader.send(bytes);
    } else {
      if (!topics.has(topic)) topics.set(topic, new Set());
      topics.get(topic).add(socket);
      mine.push(topic);
      socket.send(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0]));
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    for (const topic of mine) {
      const readers = topics.get(topic);
      readers?.delete(socket);
      if (readers?.size === 0) topics.delete(topic);
    }
  });
});
