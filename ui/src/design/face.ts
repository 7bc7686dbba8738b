const COLOURS = 10;

/** Which of the face colours belongs to `id`: the same on every computer, for ever. */
export function faceColour(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  }
  // Ids that differ only at the end would fall together without this stir.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % COLOURS;
}

/** The first letters of the first and the last word; of one word its first. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return picked
    .map((word) => [...letters.segment(word ?? "")][0]?.segment ?? "")
    .join("")
    .toLocaleUpperCase();
}
