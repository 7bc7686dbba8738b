// Frames over a pipe: a length of four bytes, then so many bytes.

/** Calls `take` with each frame that comes, one after the other. */
export async function read(stream, take) {
  let waiting = Buffer.alloc(0);
  for await (const chunk of stream) {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE()) {
      const end = 4 + waiting.readUInt32BE();
      await take(waiting.subarray(4, end));
      waiting = waiting.subarray(end);
    }
  }
}

export function write(stream, frame) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  stream.write(Buffer.concat([length, frame]));
}
