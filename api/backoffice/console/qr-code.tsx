import type { VNode } from 'preact';
import qrcode from 'qrcode-generator';

/** The only door to qrcode-generator. A text as a QR code: one path of an SVG, which needs neither script nor style. */
export function QrCode({ text, label }: { text: string; label: string }): VNode {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const size = code.getModuleCount();
  const modules = Array.from({ length: size * size }, (_, index) => index).filter((index) =>
    code.isDark(Math.floor(index / size), index % size),
  );
  const path = modules.map((index) => `M${index % size},${Math.floor(index / size)}h1v1h-1z`).join('');
  return (
    <svg
      class="qr"
      role="img"
      aria-label={label}
      width={(size + 2 * quiet) * 4}
      height={(size + 2 * quiet) * 4}
      viewBox={`${-quiet} ${-quiet} ${size + 2 * quiet} ${size + 2 * quiet}`}
      shape-rendering="crispEdges"
    >
      <rect x={-quiet} y={-quiet} width={size + 2 * quiet} height={size + 2 * quiet} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

/** White around it, in modules: without it a camera does not find the code. */
const quiet = 4;
