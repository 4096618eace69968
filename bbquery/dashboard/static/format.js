// Figures and names, as people read them.

const whole = new Intl.NumberFormat("en-US");
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

export const number = (value) => whole.format(value);

export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${short.format(value)} ${units[at]}`;
}

export const exactBytes = (value) => `${number(value)} bytes`;

export function duration(seconds) {
  if (seconds == null) return "–";
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  if (all < 3600) return `${Math.floor(all / 60)} min ${pad(all % 60)} s`;
  return `${Math.floor(all / 3600)} h ${pad(Math.floor((all % 3600) / 60))} min`;
}

export const exactDuration = (seconds) => (seconds == null ? "not known" : `${number(seconds)} seconds`);

export const percent = (part, all) => (all ? `${((100 * part) / all).toFixed(1)} %` : "–");

export const rate = (value) => (value == null ? "–" : `${(100 * value).toFixed(1)} %`);

const pad = (value) => String(value).padStart(2, "0");

// "2026-11-22 09:15" of an instant; the answers are in the time zone of the page.
export const minute = (time) => time.slice(0, 16).replace("T", " ");

export const second = (time) => time.slice(0, 19).replace("T", " ");

export function interval(start, every) {
  if (every.endsWith("mo")) return start.slice(0, 7);
  return every.endsWith("d") ? start.slice(0, 10) : minute(start);
}

// "+12.3 %" of a figure and the one before it.
export function changed(now, before) {
  if (!before) return now ? "none before" : "none before either";
  const part = (100 * (now - before)) / before;
  return `${part < 0 ? "−" : "+"}${Math.abs(part).toFixed(1)} % on the period before`;
}

export const statusName = (status) =>
  ({ PENDING: "Pending", RUNNING: "Running", ERROR: "Error", TIMED_OUT: "Timed out", COMPLETED: "Completed" })[status] ?? status;

// null stands for what has no value; and values as null for all the other segments together.
export const isPlain = (value) => value != null && value !== "" && value !== "(untagged)" && value !== "(empty)";

export function label(values, most = 60) {
  if (values == null) return "others";
  if (!values.length) return "all sessions";
  return values.map((value) => cut(valueName(value), most)).join(" · ");
}

export function valueName(value) {
  if (value == null) return "(untagged)";
  if (value === "") return "(empty)";
  return isPlain(value) ? value : JSON.stringify(value);
}

export function cut(text, most) {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
