// What is shown ⇄ the part of the URL behind #, so that a link keeps it, and back and forward work.

const DEFAULTS = { range: "30d", every: "", metric: "browser_minutes", q: "", sort: "-started_at", page: "1" };

// by is null where it is left to the server.
export function readView() {
  const given = new URLSearchParams(location.hash.slice(1));
  const view = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, given.get(name) ?? value]));
  view.by = given.has("by") ? given.getAll("by").filter((name) => name).slice(0, 2) : null;
  return view;
}

export function writeView(view, replace) {
  const link = new URLSearchParams();
  for (const [name, value] of Object.entries(DEFAULTS)) if (view[name] !== value) link.append(name, view[name]);
  for (const name of view.by?.length ? view.by : view.by ? [""] : []) link.append("by", name);
  const hash = `#${link}`;
  if (hash === location.hash || (hash === "#" && !location.hash)) return;
  history[replace ? "replaceState" : "pushState"](null, "", hash);
}

// As the server reads them.
export function parametersOf(view, names) {
  const parameters = names.filter((name) => view[name]).map((name) => [name, view[name]]);
  for (const name of view.by?.length ? view.by : view.by ? [""] : []) parameters.push(["by", name]);
  return parameters;
}

// A custom range is FROM..TO, in which TO does not belong to it; people name the last day that does.
export const customRange = (from, to) => `${from}..${to && shifted(to, 1)}`;

export function customDays(range) {
  const [from, to] = range.split("..").map((end) => (/^\d{4}-\d\d-\d\d/.test(end) ? end.slice(0, 10) : ""));
  return [from, to && shifted(to, -1)];
}

export const isCustom = (range) => range.includes("..");

function shifted(day, days) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return Number.isNaN(date.valueOf()) ? "" : date.toISOString().slice(0, 10);
}
