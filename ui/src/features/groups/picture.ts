/** The sides of a group's picture, in pixels. */
const SIDE = 128;
/** The most bytes it may have. */
export const PICTURE_LIMIT = 16 * 1024;
/** Tried one after the other until one is small enough; a type the web view cannot write comes back as another. */
const FORMS = [
  ["image/webp", 0.85],
  ["image/jpeg", 0.85],
  ["image/jpeg", 0.6],
  ["image/jpeg", 0.3],
] as const;

/** The largest square in the middle of a picture. */
export function middle(width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height);
  return { x: (width - side) / 2, y: (height - side) / 2, side };
}

/**
 * A picture file as a small square.
 * @throws when it is no picture this web view can read.
 */
export async function square(file: Blob): Promise<Blob> {
  const image = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this web view draws nothing");
  // Not every form knows transparency.
  context.fillStyle = "white";
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = "high";
  const { x, y, side } = middle(image.width, image.height);
  context.drawImage(image, x, y, side, side, 0, 0, SIDE, SIDE);
  image.close();
  for (const [type, quality] of FORMS) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, quality));
    if (blob?.type === type && blob.size <= PICTURE_LIMIT) return blob;
  }
  throw new Error("it does not get small enough");
}

/** For showing it before it is sent. */
export async function shown(picture: Blob): Promise<string> {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  return `data:${picture.type};base64,${btoa(String.fromCharCode(...bytes))}`;
}
