// @ts-check
/** Colour maps that everybody can read, colour-blind or not: viridis and cividis, and grey. */

/** @typedef {keyof typeof ANCHORS} Colours */

/** Colours at 33 equal steps; in between they are straight lines. */
const ANCHORS = {
  viridis:
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e 23898e " +
    "21918c 1f988b 1fa088 22a785 28ae80 32b67a 3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23 d8e219 ece51b " +
    "fde725",
  cividis:
    "00224e 00285b 002e6a 053371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 535a6d 5a5f6e 61656f 686a71 6f7073 767676 " +
    "7d7c78 848279 8c8878 938e78 9b9476 a39a74 aba072 b4a76f bcae6c c4b468 cdbb63 d5c25e dec958 e7d150 f0d846 f9e03a " +
    "fee838",
  grey: "000000 ffffff",
};

/** Their names, the best for maps first. */
export const COLOURS = /** @type {Colours[]} */ (Object.keys(ANCHORS));

/** What is drawn where there is no value: neither of the ends, and nearly clear. */
const NOTHING = 0x00000000;

/** @type {Map<string, Uint32Array>} */
const tables = new Map();

/**
 * 256 colours as canvases have them (little-endian RGBA).
 * @param {Colours} name
 */
export function table(name) {
  let found = tables.get(name);
  if (!found) tables.set(name, (found = made(name)));
  return found;
}

/**
 * A colour as CSS has it.
 * @param {Colours} name
 * @param {number} share from 0 to 1
 */
export function colour(name, share) {
  const packed = table(name)[level(share)];
  return `rgb(${packed & 255} ${(packed >> 8) & 255} ${(packed >> 16) & 255})`;
}

/**
 * Paint values.
 * @param {ArrayLike<number>} values
 * @param {(value: number) => number} share from 0 to 1
 * @param {Colours} name
 * @param {Uint32Array} pixels
 */
export function paint(values, share, name, pixels) {
  const colours = table(name);
  for (let index = 0; index < pixels.length; index++) {
    const value = values[index];
    pixels[index] = value === value ? colours[level(share(value))] : NOTHING;
  }
}

/** @param {number} share */
function level(share) {
  return share >= 1 ? 255 : share > 0 ? (share * 256) | 0 : 0;
}

/** @param {Colours} name */
function made(name) {
  const anchors = ANCHORS[name].split(" ").map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const colours = new Uint32Array(256);
  for (let index = 0; index < 256; index++) {
    const place = (index / 255) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    const [r, g, b] = anchors[low].map((from, part) => Math.round(from + (place - low) * (anchors[low + 1][part] - from)));
    colours[index] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return colours;
}
