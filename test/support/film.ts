/** A picture as a camera takes it: whether each point of it is dark. */
export interface Sight {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly isDark: (x: number, y: number) => boolean;
}

const WIDTH = 640;
const HEIGHT = 480;
/** Limited-range luma and neutral chroma (ITU-R BT.601). */
const [DARK, LIGHT, NEUTRAL] = [16, 235, 128];

/**
 * A film of something that does not move, as uncompressed video (YUV4MPEG2): Chromium's fake camera shows it again and
 * again. What is seen stands in the middle of the picture.
 */
export function filmOf({ width, height, isDark }: Sight): Buffer {
  const [left, top] = [(WIDTH - width) >> 1, (HEIGHT - height) >> 1];
  const luma = Buffer.alloc(WIDTH * HEIGHT, LIGHT);
  for (let y = Math.max(0, top); y < Math.min(HEIGHT, top + height); y += 1) {
    for (let x = Math.max(0, left); x < Math.min(WIDTH, left + width); x += 1) {
      if (isDark(x - left, y - top)) luma[y * WIDTH + x] = DARK;
    }
  }
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, NEUTRAL);
  const header = `YUV4MPEG2 W${String(WIDTH)} H${String(HEIGHT)} F10:1 Ip A1:1 C420jpeg\n`;
  return Buffer.concat([Buffer.from(header), ...[1, 2].flatMap(() => [Buffer.from('FRAME\n'), luma, chroma])]);
}
