// `node client.js URL TRANSPORT`: socket.io-client, connected to a relay; frames come and go over
// standard input and output. Ends when the connection does, or when standard input ends.
import { io } from "socket.io-client";
import { read, write } from "./frames.js";

const [url, transport] = process.argv.slice(2);
const socket = io(url, { transports: [transport], reconnection: false });
const failed = (error) => {
  console.error(error);
  process.exit(1);
};
socket.on("connect_error", failed);
// Not every event asks for an acknowledgement.
socket.on("frames", (frames, acknowledge) => {
  for (const frame of frames) write(process.stdout, frame);
  acknowledge?.();
});
socket.on("disconnect", () => process.stdout.end(() => process.exit()));
socket.on("connect", () => {
  const ended = read(process.stdin, async (frame) => {
    // The next leaves when this one was taken.
    await socket.timeout(60_000).emitWithAck("frames", [frame]);
  });
  ended.then(() => socket.disconnect(), failed);
});
