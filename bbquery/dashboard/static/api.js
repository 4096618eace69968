// Questions to the server; or to the answers that an exported page carries.

const element = document.getElementById("recorded");

export const recorded = element && JSON.parse(element.textContent);

export class Problem extends Error {
  constructor(found) {
    super(found.message);
    this.found = found;
  }
}

export async function ask(of, parameters) {
  if (recorded) return recall(of, parameters);
  let response;
  try {
    response = await fetch(`api/${of}?${new URLSearchParams(parameters)}`);
  } catch {
    throw new Problem({ message: "the dashboard's server does not answer", code: "no-server" });
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Problem(body?.error ?? { message: `the dashboard's server failed with ${response.status}`, code: "failed" });
}

function recall(of, parameters) {
  const given = new URLSearchParams(parameters);
  const by = given.has("by") ? given.getAll("by").filter((name) => name) : recorded.by;
  const found = recorded.answers.find(
    (each) => each.of === of && each.range === (given.get("range") ?? "30d") && (each.by == null || same(each.by, by)),
  );
  if (found) return found.answer;
  throw new Problem({ message: "this file does not hold that view", code: "not-recorded" });
}

const same = (left, right) => left.length === right.length && left.every((each, at) => each === right[at]);
