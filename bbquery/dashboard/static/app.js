// The page: what is asked for goes into the view, the view to the server, and the answers onto the page.

import { byId, fill, make } from "./dom.js";
import { cut, number, second } from "./format.js";
import { Problem, ask, recorded } from "./api.js";
import { customDays, customRange, isCustom, parametersOf, readView, writeView } from "./view.js";
import { drawChart, pictureOf } from "./chart.js";
import { wireCompletion } from "./completion.js";
import { showLegend, showSegments, showSessions, showStatuses, showTotals, showTrendTable } from "./tables.js";

const FIELDS = ["status", "region", "project_id"];
const TYPING = 350; // milliseconds without a key, until what was typed is asked for

let view = readView();
let report = null;
let version = 0;
let latest = 0;
let paused = Boolean(recorded);
let typing = null;
let nextLook = null;

// --- asking ------------------------------------------------------------------------------------

// Nobody asked for a refresh (said = false): it says nothing unless figures change, and shows nothing once paused.
async function show(said = true) {
  const mine = (latest += 1);
  const outdated = () => mine !== latest || (paused && !said);
  const figures = byId("figures");
  figures.setAttribute("aria-busy", "true");
  try {
    if (view.q) {
      const { problem } = await ask("check", [["q", view.q]]);
      if (problem) throw new Problem(problem);
    }
    const [measured, listed] = await Promise.all([
      ask("report", parametersOf(view, ["range", "every", "q"])),
      ask("sessions", parametersOf(view, ["range", "q", "sort", "page"])),
    ]);
    if (outdated()) return;
    const changed = report?.total.sessions !== measured.total.sessions;
    report = measured;
    version = Math.min(measured.version, listed.version);
    showMistake(null);
    render(listed);
    if (said || changed) {
      byId("said").textContent = `${number(report.total.sessions)} sessions, ${number(report.total.browser_minutes)} browser minutes`;
    }
  } catch (error) {
    if (outdated()) return;
    if (!(error instanceof Problem)) throw error;
    showMistake(error.found);
    showControls();
    if (!report) byId("loading").textContent = "There is nothing to show until that is mended.";
  } finally {
    if (mine === latest) figures.setAttribute("aria-busy", "false");
  }
}

function change(changes, replace = false) {
  view = { ...view, page: "1", ...changes };
  writeView(view, replace);
  return show();
}

async function narrow(values, by = report.by) {
  const asked = view;
  const parameters = [...by.map((name) => ["by", name]), ["segment", JSON.stringify(values)], ["q", asked.q]];
  try {
    const { query } = await ask("filter", parameters);
    if (view === asked) await change({ q: query }); // else something newer was asked for meanwhile
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (view === asked) showMistake(error.found);
  }
}

// --- showing -----------------------------------------------------------------------------------

function render(listed) {
  const some = report.total.sessions > 0;
  byId("loading").hidden = true;
  byId("shown").hidden = !some;
  showEmpty(!some);
  showControls();
  if (!some) return;
  const onSegment = recorded ? null : narrow;
  showTotals(report);
  showLegend(report, onSegment);
  showTrendTable(report, view.metric);
  showStatuses(report, onSegment);
  showSegments(report, onSegment);
  showSessions(
    listed,
    recorded ? null : (name) => change({ sort: view.sort === `-${name}` ? name : `-${name}` }),
    recorded ? null : (page) => change({ page: String(page) }),
  );
  drawChart(report, view.metric, onSegment ?? (() => {}));
}

function showEmpty(is) {
  const box = byId("empty");
  box.hidden = !is;
  if (!is) return;
  if (!report.all_sessions) return fill(box, make("h2", {}, "There are no sessions yet"), "They appear here once there are some.");
  const button = (text, changes) => make("button", { type: "button", onclick: () => change(changes) }, text);
  return fill(
    box,
    make("h2", {}, "No session is in this view"),
    make("p", {}, `There are ${number(report.all_sessions)} outside of it.`),
    view.q && button("Clear the filter", { q: "" }),
    view.range !== "all" && button("Show everything", { range: "all" }),
  );
}

function showControls() {
  const custom = isCustom(view.range);
  for (const radio of document.querySelectorAll("input[name=range]")) {
    radio.checked = radio.value === (custom ? "custom" : view.range);
  }
  byId("custom").hidden = !custom;
  if (custom) [byId("from").value, byId("to").value] = customDays(view.range);
  if (document.activeElement !== byId("query") || typing === null) byId("query").value = view.q;
  byId("clear").hidden = !view.q || Boolean(recorded);
  byId("every").value = view.every;
  if (report) byId("zone").textContent = report.timezone;
  byId("save-csv").href = `export.csv?${new URLSearchParams(parametersOf(view, ["range", "every", "q"]))}`;
  byId("metric").value = view.metric;
  const by = report?.by ?? view.by ?? [];
  options(byId("by"), by[0], by[1], "nothing");
  options(byId("and"), by[1], by[0], "nothing else");
  byId("and").disabled = !by.length || Boolean(recorded);
}

function options(select, chosen, other, none) {
  const keys = report ? report.keys.map(([name, count]) => [name, `${cut(name, 40)} (${number(count)})`]) : [];
  let names = [...keys, ...FIELDS.map((name) => [name, name.replace("_id", "")])];
  if (recorded) names = names.filter(([name]) => recorded.answers.some((each) => each.by?.length === 1 && each.by[0] === name));
  if (chosen && !names.some(([name]) => name === chosen)) names.unshift([chosen, cut(chosen, 40)]);
  const listed = [["", none], ...names.filter(([name]) => name !== other)];
  const wanted = JSON.stringify(listed);
  if (select.dataset.listed !== wanted) {
    // An open list stays open while nothing in it changes.
    fill(select, ...listed.map(([value, text]) => make("option", { value }, text)));
    select.dataset.listed = wanted;
  }
  select.value = chosen ?? "";
}

// The text of the query with the part that is wrong, and below it what to do. Offsets count whole characters.
function showMistake(found) {
  const box = byId("mistake");
  byId("query").toggleAttribute("aria-invalid", Boolean(found?.span));
  if (!found) return fill(box);
  let text = null;
  if (found.span) {
    const characters = Array.from(found.text);
    const [start, end] = found.span;
    const piece = (from, to) => characters.slice(from, to).join("");
    text = make("pre", {}, piece(0, start), make("mark", { class: start === end && "caret" }, piece(start, end)), piece(end));
  }
  const expected = found.expected ? `expected ${found.expected}` : null;
  return fill(
    box,
    text,
    make("p", {}, make("strong", {}, found.message)),
    expected && make("p", {}, expected),
    found.hint && make("p", {}, found.hint),
  );
}

// --- live --------------------------------------------------------------------------------------

async function look() {
  let wait = 2;
  if (!paused && !document.hidden) {
    try {
      const status = await ask("status", []);
      wait = Math.min(Math.max(status.refresh_seconds / 4, 0.5), 4);
      if (!paused) await showLive(status); // it may be paused by now
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!paused) showLost();
    }
  }
  clearTimeout(nextLook); // Resume looks at once: one may be under way then
  nextLook = setTimeout(look, wait * 1000);
}

function showLive(status) {
  showStatus(status.notice ? "stale" : "on", `updated ${ago(status.age_seconds)}`);
  showNotice(status.notice && `The last refresh failed, so these are older figures. ${status.notice}`);
  showScope(status.scope);
  const busy = byId("figures").getAttribute("aria-busy") === "true"; // what is asked for already brings the news
  return status.version !== version && report && !busy ? show(false) : null;
}

function showLost() {
  showStatus("stale", "not connected");
  showNotice("The dashboard's server does not answer. Is it still running?");
}

const ago = (seconds) =>
  seconds < 5 ? "just now" : seconds < 90 ? `${Math.round(seconds)} s ago` : `${number(Math.round(seconds / 60))} min ago`;

function showStatus(state, text) {
  byId("light").className = `light ${state}`;
  byId("age").textContent = text;
}

function showNotice(text) {
  const notice = byId("notice");
  if (notice.textContent !== (text || "")) notice.textContent = text || "";
  notice.hidden = !text;
}

function showScope(scope) {
  byId("scope").hidden = !scope;
  byId("scope").textContent = scope ? `only ${scope}` : "";
}

// --- colors -----------------------------------------------------------------------------------

const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };

function setTheme(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("bbquery-theme", name);
  } catch {
    // there is none in some windows; then it is not remembered
  }
  showTheme();
  if (report?.total.sessions) drawChart(report, view.metric, recorded ? () => {} : narrow);
}

function showTheme() {
  const name = document.documentElement.dataset.theme ?? "auto";
  byId("theme").textContent = THEMES[name];
  byId("theme").setAttribute("aria-label", `Colors: ${THEMES[name]}`);
}

// --- wiring ------------------------------------------------------------------------------------

function wire() {
  byId("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    typed(false);
  });
  for (const radio of document.querySelectorAll("input[name=range]")) {
    radio.addEventListener("change", () => {
      if (radio.value !== "custom") return change({ range: radio.value });
      const [from, to] = report ? [report.start, report.end] : [];
      return change({ range: customRange(from?.slice(0, 10) ?? "", to?.slice(0, 10) ?? "") });
    });
  }
  for (const id of ["from", "to"]) {
    byId(id).addEventListener("change", () => {
      if (byId("from").value) change({ range: customRange(byId("from").value, byId("to").value) });
    });
  }
  byId("by").addEventListener("change", () => {
    const others = byId("by").value ? (report?.by.slice(1) ?? []) : [];
    change({ by: [byId("by").value, ...others].filter((name) => name) });
  });
  byId("and").addEventListener("change", () => change({ by: [byId("by").value, byId("and").value].filter((name) => name) }));
  byId("every").addEventListener("change", () => change({ every: byId("every").value }));
  byId("metric").addEventListener("change", () => change({ metric: byId("metric").value }));
  byId("query").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => typed(true), TYPING);
  });
  byId("query").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      typed(false);
    }
  });
  wireCompletion(() => {
    clearTimeout(typing);
    typing = setTimeout(() => typed(true), TYPING);
  });
  for (const button of byId("views").children) {
    button.addEventListener("click", () => {
      const { q, sort, metric } = button.dataset;
      const both = view.q.trim() ? `(${view.q}) AND ${q}` : q;
      change({ q: view.q.includes(q) ? view.q : both, sort: sort ?? view.sort, metric: metric ?? view.metric });
    });
  }
  byId("save-png").addEventListener("click", savePicture);
  byId("copy-link").addEventListener("click", copyLink);
  byId("clear").addEventListener("click", () => {
    change({ q: "" });
    byId("query").focus();
  });
  byId("pause").addEventListener("click", () => {
    paused = !paused;
    byId("pause").setAttribute("aria-pressed", String(paused));
    byId("pause").textContent = paused ? "Resume" : "Pause";
    if (paused) showStatus("paused", "paused");
    else look();
  });
  byId("theme").addEventListener("click", () => {
    const names = Object.keys(THEMES);
    const now = document.documentElement.dataset.theme ?? "auto";
    setTheme(names[(names.indexOf(now) + 1) % names.length]);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(document.documentElement.dataset.theme ?? "auto"));
  addEventListener("popstate", () => {
    view = readView();
    show();
  });
}

async function savePicture() {
  const link = make("a", { href: await pictureOf(), download: "usage.png" });
  document.body.append(link);
  link.click();
  link.remove();
}

async function copyLink() {
  let text = "The link to this view is in the address bar.";
  try {
    await navigator.clipboard.writeText(location.href);
    text = "Copied: it leads to just this view.";
  } catch {
    // not allowed here
  }
  byId("exported").textContent = text;
}

function typed(replace) {
  clearTimeout(typing);
  typing = null;
  const q = byId("query").value;
  if (q !== view.q) change({ q }, replace);
}

// An exported page shows what was recorded: what would take a server to answer is off, and the page says so.
function showRecorded() {
  for (const id of ["query", "and", "every", "pause"]) byId(id).disabled = true;
  byId("pause").hidden = true;
  for (const id of ["views", "save-csv", "copy-link"]) byId(id).hidden = true;
  document.querySelector("input[value=custom]").closest("label").hidden = true;
  showStatus("paused", `recorded ${second(recorded.at)} UTC`);
  showScope(recorded.scope);
  byId("query").placeholder = "fixed in this file";
  showNotice(
    "This is a recording in one file. Range, first segment key and chart can be changed; filter, second key, intervals and the order of sessions are fixed.",
  );
  byId("notice").setAttribute("role", "note");
}

wire();
showTheme();
if (recorded) showRecorded();
show();
if (!recorded) look();
