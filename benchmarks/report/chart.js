// One small picture for each question: bars, a panel for each figure that it shows.
import * as echarts from 'echarts';
import { median } from '../harness/statistics.js';
import { short } from './numbers.js';

/** Readable on white and on black. */
const COLOURS = { ours: '#3b82f6', limit: '#8b949e66', other: '#8b949e', text: '#808892' };
const FONT = 'system-ui, sans-serif';

const WIDTH = 820;
const COLUMNS = 2;
const PANEL = { title: 30, bar: 19, gap: 14 };
const LABELS = 118;
/** Room for the figure behind the longest bar. */
const FIGURE = 62;
const FOOTER = 24;

/** @param limits contenders that are no peers. @returns SVG, the same for the same samples. */
export function draw(question, samples, { limits, footer }) {
  const panels = question.chart.filter((panel) => samples[panel.case]);
  if (panels.length === 0) return undefined;
  const heights = rowHeights(panels, samples);
  const height = heights.reduce((sum, one) => sum + one, 0) + FOOTER;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const option = {
    animation: false,
    textStyle: { fontFamily: FONT },
    title: [],
    grid: [],
    xAxis: [],
    yAxis: [],
    series: [],
  };
  for (const [index, panel] of panels.entries())
    addPanel(option, { question, panel, index, samples, limits, heights });
  option.title.push({
    text: footer,
    left: 4,
    bottom: 2,
    textStyle: { fontSize: 10, fontWeight: 'normal', color: COLOURS.text },
  });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${plain(svg, question.title)}\n`;
}

/** Named for those who do not see it, and without rules for a pointer, whose names count the pictures of a process. */
function plain(svg, title) {
  return svg
    .replace(/<style[\s\S]*?<\/style>\n?/g, '')
    .replace(/ class="[^"]*"/g, '')
    .replace(/<svg[^>]*>/, (head) => `${head}\n<title>${title}</title>`);
}

function rowHeights(panels, samples) {
  const heights = [];
  for (const [index, panel] of panels.entries()) {
    const row = Math.floor(index / COLUMNS);
    const own = PANEL.title + PANEL.bar * namesOf(panel, samples).length + PANEL.gap;
    heights[row] = Math.max(heights[row] ?? 0, own);
  }
  return heights;
}

function namesOf(panel, samples) {
  const entrants = samples[panel.case];
  return Object.keys(entrants).filter((name) => panel.figures.every((figure) => entrants[name][figure]));
}

function addPanel(option, { question, panel, index, samples, limits, heights }) {
  const names = namesOf(panel, samples);
  const row = Math.floor(index / COLUMNS);
  const width = WIDTH / COLUMNS;
  const left = (index % COLUMNS) * width;
  const top = heights.slice(0, row).reduce((sum, one) => sum + one, 0);
  option.title.push({
    text: panel.title,
    left: left + 4,
    top: top + 4,
    textStyle: { fontSize: 13, fontWeight: 'bold', color: COLOURS.text },
  });
  option.grid.push({
    left: left + LABELS,
    top: top + PANEL.title,
    width: width - LABELS - FIGURE,
    height: PANEL.bar * names.length,
  });
  option.xAxis.push({ type: 'value', gridIndex: index, show: false, min: 0 });
  option.yAxis.push({
    type: 'category',
    gridIndex: index,
    inverse: true,
    data: names,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: COLOURS.text, fontSize: 11, interval: 0 },
  });
  const figures = panel.figures.map((figure) =>
    names.map((name) => median(samples[panel.case][name][figure])),
  );
  const isOurs = (name) => question.isAllOurs || name === question.reference;
  const colour = (name) =>
    isOurs(name) ? COLOURS.ours : limits.includes(name) ? COLOURS.limit : COLOURS.other;
  for (const [part, numbers] of figures.entries()) {
    option.series.push({
      type: 'bar',
      silent: true,
      stack: `panel ${index}`,
      xAxisIndex: index,
      yAxisIndex: index,
      barWidth: PANEL.bar - 6,
      data: numbers.map((value, place) => ({
        value,
        // The parts of a bar differ in strength.
        itemStyle: { color: colour(names[place]), opacity: 1 - part * 0.4 },
      })),
      label: {
        show: part === figures.length - 1,
        position: 'right',
        color: COLOURS.text,
        fontSize: 11,
        formatter: ({ dataIndex }) => short(figures.reduce((sum, one) => sum + one[dataIndex], 0)),
      },
    });
  }
}
