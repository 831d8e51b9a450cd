// @ts-check
// Draws temperatures against their limits, with alerts and gaps. The page's table says the same.

/** @typedef {{ kind: string, from: number, to: number | null }} Alert */
/** @typedef {{ min: number | null, max: number | null, bucketSeconds: number, points: [number, number, number, number][], alerts: Alert[] }} Series */

for (const figure of document.querySelectorAll('[data-chart]')) {
  if (figure instanceof HTMLElement) void show(figure);
}

async function show(/** @type {HTMLElement} */ figure) {
  const note = figure.querySelector('.chart-note');
  if (note === null) return;
  note.textContent = note.getAttribute('data-loading');
  try {
    const answer = await fetch(figure.dataset['chart'] ?? '', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    /** @type {unknown} */
    const read = await answer.json();
    const series = /** @type {Series} */ (read);
    if (series.points.length === 0) {
      note.textContent = figure.dataset['empty'] ?? '';
      return;
    }
    note.remove();
    draw(figure, series);
  } catch {
    note.textContent = figure.dataset['failed'] ?? '';
  }
}

function draw(/** @type {HTMLElement} */ figure, /** @type {Series} */ series) {
  const size = () => ({ width: figure.clientWidth, height: 320 });
  const chart = new uPlot({ ...optionsOf(figure, series), ...size() }, dataOf(series), figure);
  new ResizeObserver(() => chart.setSize(size())).observe(figure);
  // Colours are those of the page, which follow the reader's choice of light or dark.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart.redraw());
}

/** A gap is a piece of time in which a probe that was heard before says nothing: a null breaks the line. */
function dataOf(/** @type {Series} */ { points, bucketSeconds }) {
  /** @type {number[]} */
  const times = [];
  /** @type {(number | null)[]} */
  const lows = [];
  /** @type {(number | null)[]} */
  const means = [];
  /** @type {(number | null)[]} */
  const highs = [];
  /** @type {number | null} */
  let before = null;
  for (const [at, low, mean, high] of points) {
    if (before !== null && at - before > gapSeconds(bucketSeconds))
      push(before + bucketSeconds, null, null, null);
    push(at, low, mean, high);
    before = at;
  }
  /** @type {[number[], (number | null)[], (number | null)[], (number | null)[]]} */
  const data = [times, lows, means, highs];
  return data;

  function push(
    /** @type {number} */ at,
    /** @type {number | null} */ low,
    /** @type {number | null} */ mean,
    /** @type {number | null} */ high,
  ) {
    times.push(at);
    lows.push(low);
    means.push(mean);
    highs.push(high);
  }
}

const gapSeconds = (/** @type {number} */ bucketSeconds) => Math.max(3 * bucketSeconds, 1800);

function optionsOf(/** @type {HTMLElement} */ figure, /** @type {Series} */ series) {
  const {
    zone = 'UTC',
    language = 'en',
    temperature = '',
    lowest = '',
    highest = '',
    time = '',
  } = figure.dataset;
  const degrees = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const degreesOf = (/** @type {number} */ number) => `${degrees.format(number).replace('-', '−')} °C`;
  const value = (/** @type {unknown} */ _chart, /** @type {number | null} */ number) =>
    number === null ? '–' : degreesOf(number);
  const moment = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: zone,
  });
  const axis = {
    font: `12px ${getComputedStyle(figure).fontFamily}`,
    stroke: () => colour('--soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    padding: /** @type {[number, number, number, number]} */ ([12, 28, 0, 0]),
    cursor: { drag: { x: true, y: false } },
    scales: { y: { range: scaleOf(series) } },
    axes: [
      {
        ...axis,
        // eslint-disable-next-line max-params -- uPlot calls it so.
        values: (
          /** @type {unknown} */ _chart,
          /** @type {number[]} */ ticks,
          /** @type {number} */ _axis,
          /** @type {number} */ _space,
          /** @type {number} */ step,
        ) => ticks.map((tick) => tickText(tick, step, zone, language)),
      },
      {
        ...axis,
        size: 64,
        values: (/** @type {unknown} */ _chart, /** @type {number[]} */ ticks) => ticks.map(degreesOf),
      },
    ],
    series: [
      {
        label: time,
        value: (/** @type {unknown} */ _chart, /** @type {number | null} */ at) =>
          at === null ? '–' : moment.format(new Date(at * 1000)),
      },
      { label: lowest, value, stroke: 'transparent', points: { show: false } },
      { label: temperature, value, stroke: () => colour('--accent'), width: 2, points: { show: false } },
      { label: highest, value, stroke: 'transparent', points: { show: false } },
    ],
    bands: [
      { series: /** @type {[number, number]} */ ([3, 1]), fill: () => withAlpha(colour('--accent'), 0.22) },
    ],
    hooks: {
      drawClear: [
        (/** @type {uPlot} */ chart) => {
          for (const alert of series.alerts) shadeAlert(chart, alert);
          for (const gap of gapsOf(series)) shadeGap(chart, gap);
        },
      ],
      draw: [
        (/** @type {uPlot} */ chart) => {
          if (series.max !== null) drawLimit(chart, series.max);
          if (series.min !== null) drawLimit(chart, series.min);
        },
      ],
    },
  };
}

/** The limits are always in sight, and the line never touches the edge. */
function scaleOf(/** @type {Series} */ { min, max }) {
  return (/** @type {unknown} */ _chart, /** @type {number} */ low, /** @type {number} */ high) => {
    const least = Math.min(low, min ?? low);
    const most = Math.max(high, max ?? high);
    const margin = Math.max(0.5, (most - least) * 0.08);
    return /** @type {[number, number]} */ ([least - margin, most + margin]);
  };
}

function tickText(
  /** @type {number} */ tick,
  /** @type {number} */ step,
  /** @type {string} */ zone,
  /** @type {string} */ language,
) {
  const at = new Date(tick * 1000);
  /** @type {Intl.DateTimeFormatOptions} */
  const day = { day: 'numeric', month: 'short', timeZone: zone };
  if (step >= 86_400) return new Intl.DateTimeFormat(language, day).format(at);
  const hour = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
  }).format(at);
  return /^(00:00|12:00 AM|24:00)$/.test(hour)
    ? `${hour}\n${new Intl.DateTimeFormat(language, day).format(at)}`
    : hour;
}

function gapsOf(/** @type {Series} */ { points, bucketSeconds }) {
  /** @type {[number, number][]} */
  const gaps = [];
  points.forEach(([at], place) => {
    const before = points[place - 1]?.[0];
    if (before !== undefined && at - before > gapSeconds(bucketSeconds))
      gaps.push([before + bucketSeconds, at]);
  });
  return gaps;
}

function shadeAlert(/** @type {uPlot} */ chart, /** @type {Alert} */ { from, to }) {
  const { ctx, bbox } = chart;
  const [left, right] = edgesOf(chart, from, to ?? Infinity);
  if (right <= left) return;
  ctx.save();
  ctx.fillStyle = withAlpha(colour('--bad'), 0.14);
  ctx.fillRect(left, bbox.top, right - left, bbox.height);
  ctx.restore();
}

function shadeGap(/** @type {uPlot} */ chart, /** @type {[number, number]} */ [from, to]) {
  const { ctx, bbox } = chart;
  const [left, right] = edgesOf(chart, from, to);
  if (right <= left) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.strokeStyle = withAlpha(colour('--line-strong'), 0.45);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let x = left - bbox.height; x < right; x += 8 * devicePixelRatio) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

/** In pixels of the canvas, within the plot. */
function edgesOf(/** @type {uPlot} */ chart, /** @type {number} */ from, /** @type {number} */ to) {
  const { left, width } = chart.bbox;
  const clamp = (/** @type {number} */ x) => Math.min(left + width, Math.max(left, x));
  const start = clamp(chart.valToPos(from, 'x', true));
  const end = to === Infinity ? left + width : clamp(chart.valToPos(to, 'x', true));
  return /** @type {[number, number]} */ ([start, end]);
}

function drawLimit(/** @type {uPlot} */ chart, /** @type {number} */ degrees) {
  const { ctx, bbox } = chart;
  const y = chart.valToPos(degrees, 'y', true);
  ctx.save();
  ctx.strokeStyle = colour('--bad');
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** A colour of the stylesheet, e.g. `#0a5c7a`. */
const colour = (/** @type {string} */ name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const withAlpha = (/** @type {string} */ hex, /** @type {number} */ alpha) =>
  `${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')}`;
