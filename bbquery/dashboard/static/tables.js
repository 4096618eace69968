// Reports → what stands around the chart: totals, legend, statuses, segments, sessions.

import { byId, fill, make } from "./dom.js";
import { bytes, cut, duration, exactBytes, exactDuration, interval, label, number } from "./format.js";
import { changed, percent, rate, second, statusName, valueName } from "./format.js";
import { colorNumbers, seriesOf } from "./chart.js";

const KNOWN = ["COMPLETED", "RUNNING", "PENDING", "TIMED_OUT", "ERROR"];

const statusClass = (name) => (KNOWN.includes(name) ? name.toLowerCase().replace("_", "-") : "others");

export function showTotals(report) {
  const { total, previous, cost, coverage } = report;
  const failed = failures(total);
  const change = (of) => previous && changed(of(total), of(previous));
  fill(
    byId("totals"),
    figure(
      "Sessions",
      number(total.sessions),
      total.running ? `${number(total.running)} running now` : "none running",
      change((figures) => figures.sessions),
    ),
    figure(
      "Browser minutes",
      number(total.browser_minutes),
      coverage
        ? `${percent(coverage.accounted, coverage.counted)} of ${number(coverage.counted)} that the service counts`
        : "at least one a session",
      change((figures) => figures.browser_minutes),
    ),
    cost &&
      figure(
        "Estimated cost",
        `${cost.amount} ${cost.currency}`,
        "by the rates of the configuration",
        previous?.cost && changed(Number(cost.amount), Number(previous.cost.amount)),
      ),
    figure(
      "Average duration",
      duration(total.average_duration_seconds),
      `median ${duration(total.p50_duration_seconds)} · 95 % within ${duration(total.p95_duration_seconds)}`,
      change((figures) => figures.average_duration_seconds ?? 0),
      exactDuration(total.average_duration_seconds),
    ),
    figure(
      "Proxy data",
      bytes(total.proxy_bytes),
      exactBytes(total.proxy_bytes),
      change((figures) => figures.proxy_bytes),
      exactBytes(total.proxy_bytes),
    ),
    figure(
      "Failed",
      percent(failed, total.sessions),
      `${number(total.by_status.ERROR ?? 0)} errors · ${number(total.by_status.TIMED_OUT ?? 0)} timed out`,
      previous && `${percent(failures(previous), previous.sessions)} in the period before`,
    ),
  );
}

const failures = (figures) => (figures.by_status.ERROR ?? 0) + (figures.by_status.TIMED_OUT ?? 0);

const figure = (name, value, about, change, exact) =>
  make(
    "div",
    { class: "card total" },
    make("dt", {}, name),
    make("dd", { class: "large", title: exact }, value),
    make("dd", { class: "quiet" }, about),
    change && make("dd", { class: "quiet change" }, change),
  );

const shade = (at) => (at == null ? "var(--others)" : `var(--series-${at})`);

function swatch(at) {
  const element = make("span", { class: "swatch", "aria-hidden": "true" });
  element.style.background = shade(at);
  return element;
}

// A bar is drawn from a length; its figure stands beside it.
function bar(part, most, color) {
  const inner = make("span", {});
  inner.style.width = `${most ? (100 * part) / most : 0}%`;
  if (color) inner.style.background = color;
  return make("span", { class: "bar", "aria-hidden": "true" }, inner);
}

// A name to click on, if there is something that a click can do: an exported page filters nothing.
const choice = (text, title, focus, onclick) =>
  onclick ? make("button", { type: "button", class: "name", title, "data-focus": focus, onclick }, text) : make("span", { title }, text);

export function showLegend(report, onSegment) {
  const { series } = report.trend;
  const numbers = colorNumbers(series);
  byId("legend").hidden = !report.by.length;
  fill(
    byId("legend"),
    ...series.map((each, at) => {
      const text = label(each.values, 30);
      const onclick = each.values && onSegment && (() => onSegment(each.values));
      return make("span", { class: "entry" }, swatch(numbers[at]), choice(text, `Show ${text} only`, `legend ${at}`, onclick));
    }),
  );
}

export function showTrendTable(report, metric) {
  const { starts } = report.trend;
  const shown = seriesOf(report, metric);
  const { series } = shown;
  metric = shown.metric;
  const written = metric === "proxy_bytes" ? exactBytes : number;
  const heads = ["Interval", ...series.map((each) => label(each.values, 30))];
  fill(
    byId("trend-table"),
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...heads.map((text, at) => make("th", { scope: "col", class: at && "number" }, text)))),
      make(
        "tbody",
        {},
        ...starts.map((start, at) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, interval(start, report.every)),
            ...series.map((each) => make("td", { class: "number" }, written(each[metric][at]))),
          ),
        ),
      ),
    ),
  );
}

export function showStatuses(report, onSegment) {
  const counts = report.total.by_status;
  const names = [...KNOWN.filter((name) => counts[name]), ...Object.keys(counts).filter((name) => !KNOWN.includes(name))];
  fill(
    byId("statuses"),
    make(
      "table",
      { class: "statuses" },
      make(
        "thead",
        { class: "hidden" },
        make("tr", {}, ...["Status", "Share", "Sessions", "Percent"].map((text) => make("th", { scope: "col" }, text))),
      ),
      make(
        "tbody",
        {},
        ...names.map((name) => {
          const color = `var(--${statusClass(name)})`;
          const onclick = onSegment && (() => onSegment([name], ["status"]));
          return make(
            "tr",
            {},
            make("th", { scope: "row" }, choice(cut(statusName(name), 24), `Show ${name} only`, `status ${name}`, onclick)),
            make("td", { class: "wide" }, bar(counts[name], report.total.sessions, color)),
            make("td", { class: "number" }, number(counts[name])),
            make("td", { class: "number quiet" }, percent(counts[name], report.total.sessions)),
          );
        }),
      ),
    ),
  );
}

const SEGMENT_COLUMNS = ["Browser minutes", "", "Share", "Sessions", "Average", "95 %", "Proxy data", "Errors", "Timed out"];

export function showSegments(report, onSegment) {
  byId("segments-card").hidden = !report.by.length;
  if (!report.by.length) return;
  const numbers = colorNumbers(report.trend.series);
  const found = report.segments.length + (report.rest?.segments ?? 0);
  const most = Math.max(...report.segments.map((segment) => segment.browser_minutes), 0);
  byId("segments-about").textContent = `${number(found)} by ${report.by.join(" and ")}`;
  fill(
    byId("segments"),
    make(
      "table",
      {},
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          ...report.by.map((name) => make("th", { scope: "col" }, cut(name, 40))),
          ...SEGMENT_COLUMNS.map((text) => (text ? make("th", { scope: "col", class: "number" }, text) : make("td", {}))),
        ),
      ),
      make(
        "tbody",
        {},
        ...report.segments.map((segment, at) => segmentRow(report, segment, at, numbers, most, onSegment)),
        report.rest && restRow(report),
      ),
    ),
  );
}

function segmentRow(report, segment, at, numbers, most, onSegment) {
  const color = numbers[at] ?? null; // those of the chart come first, and its last may be all others
  const title = `Show ${label(segment.values, 200)} only`;
  const onclick = onSegment && (() => onSegment(segment.values));
  const named = segment.values.map((value, place) =>
    make(
      "th",
      { scope: "row", class: value == null && "missing" },
      place === 0 && swatch(color),
      choice(cut(valueName(value), 60), title, `segment ${place} ${JSON.stringify(segment.values)}`, onclick),
    ),
  );
  return make("tr", {}, ...named, ...segmentCells(report, segment, bar(segment.browser_minutes, most, shade(color))));
}

const restRow = (report) =>
  make(
    "tr",
    {},
    make("th", { scope: "row", colspan: report.by.length }, swatch(null), `${number(report.rest.segments)} others`),
    ...segmentCells(report, report.rest, ""),
  );

const segmentCells = (report, figures, drawn) => [
  make("td", { class: "number" }, number(figures.browser_minutes)),
  make("td", { class: "wide" }, drawn),
  make("td", { class: "number quiet" }, percent(figures.browser_minutes, report.total.browser_minutes)),
  make("td", { class: "number" }, number(figures.sessions)),
  make("td", { class: "number", title: exactDuration(figures.average_duration_seconds) }, duration(figures.average_duration_seconds)),
  make("td", { class: "number", title: exactDuration(figures.p95_duration_seconds) }, duration(figures.p95_duration_seconds)),
  make("td", { class: "number", title: exactBytes(figures.proxy_bytes) }, bytes(figures.proxy_bytes)),
  make("td", { class: "number" }, rate(figures.error_rate)),
  make("td", { class: "number" }, rate(figures.timeout_rate)),
];

const SESSION_COLUMNS = [
  ["started_at", "Started"],
  ["status", "Status"],
  ["duration", "Duration", "number"],
  ["proxy_bytes", "Proxy data", "number"],
  ["region", "Region"],
  ["id", "Session"],
];

// onSort(column) and onPage(number) are null where the page is exported.
export function showSessions(listed, onSort, onPage) {
  const last = listed.first + listed.sessions.length - 1;
  byId("sessions-about").textContent = listed.count
    ? `${number(listed.first)} to ${number(last)} of ${number(listed.count)}`
    : "";
  fill(
    byId("sessions"),
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...SESSION_COLUMNS.map((column) => head(column, listed.sort, onSort)), make("th", { scope: "col" }, "Metadata"))),
      make("tbody", {}, ...listed.sessions.map((session) => sessionRow(session, listed.inspector))),
    ),
  );
  const pages = byId("pages");
  pages.hidden = listed.pages < 2 || !onPage;
  const to = (text, page, on) =>
    make("button", { type: "button", disabled: !on, "data-focus": text, onclick: () => onPage(page) }, text);
  fill(
    pages,
    to("Previous", listed.page - 1, listed.page > 1),
    make("span", { class: "quiet" }, `Page ${number(listed.page)} of ${number(listed.pages)}`),
    to("Next", listed.page + 1, listed.page < listed.pages),
  );
}

function head([name, text, kind], sort, onSort) {
  const sorted = sort.replace(/^-/, "") === name && (sort.startsWith("-") ? "descending" : "ascending");
  const arrow = sorted === "descending" ? " ↓" : sorted ? " ↑" : "";
  if (!onSort) return make("th", { scope: "col", class: kind }, text);
  const button = make("button", { type: "button", class: "sort", "data-focus": `sort ${name}`, onclick: () => onSort(name) }, text);
  if (arrow) button.append(make("span", { "aria-hidden": "true" }, arrow));
  return make("th", { scope: "col", class: kind, "aria-sort": sorted }, button);
}

const sessionRow = (session, inspector) =>
  make(
    "tr",
    {},
    make("td", { class: "time" }, session.started_at ? second(session.started_at) : ""),
    make("td", {}, make("span", { class: `status ${statusClass(session.status)}` }, statusName(session.status))),
    make(
      "td",
      { class: "number", title: exactDuration(session.duration_seconds) },
      duration(session.duration_seconds) + (session.running ? " so far" : ""),
    ),
    make("td", { class: "number", title: exactBytes(session.proxy_bytes) }, bytes(session.proxy_bytes)),
    make("td", {}, session.region ?? ""),
    make("td", { class: "code id", title: session.id }, idOf(session, inspector)),
    make(
      "td",
      { class: "metadata" },
      ...session.metadata.map(([name, value]) =>
        make("span", { class: "pair-of" }, make("span", { class: "quiet" }, `${name} `), value),
      ),
    ),
  );

// The id, as a link to where the vendor shows the session.
const idOf = (session, inspector) =>
  inspector && session.id
    ? make("a", { href: inspector + encodeURIComponent(session.id), target: "_blank", rel: "noopener noreferrer" }, session.id)
    : (session.id ?? "");
