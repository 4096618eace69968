// The series of a report → stacked bars over time, drawn by plotly.

import { byId, make } from "./dom.js";
import { bytes, exactBytes, interval, label, number } from "./format.js";

const COLORS = 8;
const taken = new Map();

// A number for each series that it keeps for as long as it is shown, so that live figures do not change its color.
export function colorNumbers(series) {
  const names = series.map((each) => (each.values == null ? null : JSON.stringify(each.values)));
  for (const name of taken.keys()) if (!names.includes(name)) taken.delete(name);
  const free = [...Array(COLORS).keys()].filter((at) => ![...taken.values()].includes(at));
  return names.map((name) => {
    if (name == null) return null;
    if (!taken.has(name)) taken.set(name, free.shift() ?? 0);
    return taken.get(name);
  });
}

export function drawChart(report, metric, onSegment) {
  const chart = byId("chart");
  const family = getComputedStyle(chart).fontFamily;
  const { starts, seconds } = report.trend;
  const shown = seriesOf(report, metric);
  const { series, lines } = shown;
  metric = shown.metric;
  const numbers = colorNumbers(series);
  const written = metric === "proxy_bytes" ? (value) => `${bytes(value)} (${exactBytes(value)})` : unit(metric);
  const sums = starts.map((_, at) => series.reduce((sum, each) => sum + each[metric][at], 0));
  const traces = series.map((each, at) => ({
    type: "bar",
    name: escaped(label(each.values, 40)),
    x: starts.map((start) => start.slice(0, 19)),
    y: each[metric],
    // Each bar stands for its interval: it begins where that does.
    width: seconds.map((each) => each * 1000 * 0.86),
    offset: seconds.map((each) => each * 1000 * 0.07),
    marker: { color: color(numbers[at] == null ? "--others" : `--series-${numbers[at]}`) },
    customdata: each[metric].map((value, place) => [
      written(value),
      interval(starts[place], report.every),
      written(sums[place]),
    ]),
    hovertemplate:
      "%{customdata[0]}<br>%{fullData.name}<br>%{customdata[1]}" +
      (series.length > 1 ? "<br>of %{customdata[2]}" : "") +
      "<extra></extra>",
  }));
  const layout = {
    barmode: "stack",
    bargap: 0,
    height: 280,
    margin: { l: 56, r: 8, t: 8, b: 32 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: family, size: 12, color: color("--quiet") },
    showlegend: false,
    hovermode: "closest",
    hoverlabel: {
      align: "left",
      bgcolor: color("--card"),
      bordercolor: color("--line"),
      font: { color: color("--text"), family: family, size: 13 },
    },
    dragmode: false,
    xaxis: {
      type: "date",
      range: [report.trend.starts[0] ?? report.start, report.end].map((time) => time.slice(0, 19)),
      fixedrange: true,
      gridcolor: "rgba(0,0,0,0)",
      linecolor: color("--line"),
      nticks: 8,
    },
    shapes: lines.map(({ most }) => ({
      type: "line",
      xref: "paper",
      x0: 0,
      x1: 1,
      y0: most,
      y1: most,
      line: { color: color("--error"), width: 2, dash: "dash" },
    })),
    annotations: lines.map(({ most, text }) => ({
      xref: "paper",
      x: 0,
      xanchor: "left",
      y: most,
      yanchor: "bottom",
      showarrow: false,
      text: escaped(`limit ${text}`),
      font: { color: color("--text"), size: 12 },
    })),
    yaxis: {
      fixedrange: true,
      range: lines.length ? [0, Math.max(...sums, ...lines.map(({ most }) => most)) * 1.12] : undefined,
      rangemode: "tozero",
      gridcolor: color("--line"),
      zeroline: false,
      nticks: 6,
      tickformat: metric === "proxy_bytes" ? ".3~s" : ",d",
      ticksuffix: metric === "proxy_bytes" ? "B" : "",
    },
  };
  const begun = chart.data ? "react" : "newPlot";
  return Plotly[begun](chart, traces, layout, { displayModeBar: false, responsive: true }).then(() => {
    chart.removeAllListeners?.("plotly_click");
    chart.on("plotly_click", (event) => {
      const values = series[event.points[0].curveNumber]?.values;
      if (values?.length) onSegment(values);
    });
    // The table below says the same in words.
    chart.firstElementChild?.setAttribute("aria-hidden", "true");
  });
}

// The series as the metric shows them. One that ends in _so_far adds up over time, and so can reach the limits of the whole.
export function seriesOf(report, metric) {
  const { series } = report.trend;
  if (!metric.endsWith("_so_far")) return { series, metric, lines: [] };
  metric = metric.slice(0, -"_so_far".length);
  const added = series.map((each) => {
    let sum = 0;
    return { ...each, [metric]: each[metric].map((value) => (sum += value)) };
  });
  return { series: added, metric, lines: report.limits.filter((limit) => limit.metric === metric) };
}

// A picture of the chart, for a file.
export const pictureOf = () => Plotly.toImage(byId("chart"), { format: "png", scale: 2, width: 1100, height: 420 });

// What a name of style.css stands for now: a property that is a choice between light and dark is not resolved itself.
function color(name) {
  const probe = make("span", { hidden: true });
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const unit = (metric) => (value) =>
  metric === "sessions" ? `${number(value)} session${value === 1 ? "" : "s"}` : `${number(value)} min`;

// plotly reads some HTML, in names too.
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
