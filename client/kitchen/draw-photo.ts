import sharp from 'sharp';
import { createDice } from './dice';

// The only file of the client that uses sharp.

/** A photo of a label on a steel worktop, as a JPEG. The same words and name give the same picture. */
export async function drawPhoto(name: string, words: string): Promise<Buffer> {
  const dice = createDice(name);
  const tilt = dice.around(0, 2.5).toFixed(1);
  const steel = dice.whole(150, 190);
  const lines = words
    .split('\n')
    .map(
      (line, row) =>
        `<text x="60" y="${110 + row * 54}" font-family="sans-serif" font-size="${row === 0 ? 34 : 28}">${escaped(line)}</text>`,
    );
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">
    <rect width="640" height="480" fill="rgb(${steel},${steel},${steel + 6})"/>
    <g transform="rotate(${tilt} 320 240)">
      <rect x="30" y="40" width="580" height="300" rx="12" fill="#fbf8ef" stroke="#888"/>
      ${lines.join('\n')}
      ${barcode(dice.next)}
    </g>
  </svg>`;
  return sharp(Buffer.from(picture)).jpeg({ quality: 70 }).toBuffer();
}

function barcode(random: () => number): string {
  let at = 60;
  const bars: string[] = [];
  while (at < 360) {
    const width = 2 + Math.floor(random() * 6);
    bars.push(`<rect x="${at}" y="270" width="${width}" height="50"/>`);
    at += width + 2 + Math.floor(random() * 6);
  }
  return bars.join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
