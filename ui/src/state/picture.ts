/** Beyond this a picture is not handed to the core: it would be held in memory several times over. */
export const PICTURE_LIMIT = 24 * 1024 * 1024;

/** A picture as the core takes it. */
export async function base64(picture: Blob): Promise<string> {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  let binary = "";
  const STEP = 0x8000;
  for (let at = 0; at < bytes.length; at += STEP) {
    binary += String.fromCharCode(...bytes.subarray(at, at + STEP));
  }
  return btoa(binary);
}
