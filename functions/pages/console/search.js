// Find meetings by what somebody knows of them.

/** @type {[string, string, string][]} */
const FILTERS = [
  ["organizer", "Organizer", "AlexW@contoso.com"],
  ["reference", "Reference", "The caller's own reference"],
  ["joinUrl", "Join link", "https://teams.microsoft.com/l/meetup-join/…"],
  ["joinMeetingId", "Meeting number", "The number to join with"],
  ["eventId", "Event id", "The id in the organizer's calendar"],
  ["id", "Convene's id", "The id that the request was answered with"],
];
// Graph can be asked for these, if it is said in whose calendar.
const IN_GRAPH = ["joinUrl", "joinMeetingId", "eventId"];
const PAGE = "25";

/** @param {View} view */
async function search({ query, signal, draw }) {
  const by = FILTERS.find(([name]) => query.has(name))?.[0];
  draw([title("Meetings"), searchForm(query, by ?? "organizer"), h("p.wait", {}, "Searching …")]);
  const results = h("section.card", { "aria-label": "Results" });
  const show = () => draw([title("Meetings"), searchForm(query, by ?? "organizer"), results]);
  if (![...query.values()].some(Boolean)) {
    results.append(empty("Search by one thing that you know, or choose a status."));
    return show();
  }
  /** @type {any[]} */
  const meetings = [];
  const more = async (/** @type {string} */ continuationToken) => {
    const { data } = await call("listMeetings", { query: { ...Object.fromEntries(query), top: PAGE, continuationToken }, signal });
    meetings.push(...data.meetings);
    results.replaceChildren(...nodes(found(meetings, data.continuationToken, more)));
    announce(`${counted(meetings.length, "meeting")} found${data.continuationToken ? ", and there are more" : ""}`);
  };
  await more("");
  show();
}

/** @param {any[]} meetings @param {string | null} continuation @param {(token: string) => Promise<void>} more */
function found(meetings, continuation, more) {
  if (!meetings.length) return [empty("No meeting was found.", "Check the spelling: organizers are found as the request names them.")];
  const rows = meetings.map((each) => [meetingLink(each), startOf(each), badge(each.status), shortly(each.updatedAt)]);
  const button = h("button", { type: "button", click: () => attempt(/** @type {HTMLButtonElement} */ (button), () => more(continuation ?? "")) }, "Show more");
  return [
    h("h2", {}, counted(meetings.length, "meeting"), continuation && " so far"),
    table("The meetings that were found", ["Meeting", "Start", "Status", "Changed"], rows),
    continuation && h("div", {}, button),
  ];
}

/** @param {URLSearchParams} query @param {string} by */
function searchForm(query, by) {
  const narrows = takes("listMeetings", "from");
  const value = /** @type {HTMLInputElement} */ (h("input", { id: "value", name: "value", value: query.get(by) ?? "", autocomplete: "off", spellcheck: "false" }));
  const graphOrganizer = field("In whose calendar", h("input", { id: "graph-organizer", name: "graphOrganizer", value: by === "organizer" ? "" : query.get("organizer"), autocomplete: "off" }), "Only to find a meeting that Convene did not make");
  const kind = /** @type {HTMLSelectElement} */ (h("select", { id: "by", name: "by", change: () => adapt() }, FILTERS.map(([name, text]) => h("option", { value: name, selected: name === by }, text))));
  const adapt = () => {
    value.placeholder = FILTERS.find(([name]) => name === kind.value)?.[2] ?? "";
    graphOrganizer.hidden = !IN_GRAPH.includes(kind.value);
  };
  adapt();
  const statuses = Object.keys(STATUS).slice(0, 5);
  const status = h("select", { id: "status", name: "status" }, h("option", { value: "" }, "Any"),
    statuses.map((each) => h("option", { value: each, selected: query.get("status") === each }, STATUS[each][0])));
  const day = (/** @type {string} */ name) => h("input", { id: name, name, type: "date", value: query.get(name) });
  return h("form.card", { role: "search", submit: (/** @type {SubmitEvent} */ event) => submitSearch(event, narrows) },
    h("div.fields", {},
      field("Search by", kind), field("Value", value), graphOrganizer,
      field("Status", status, narrows ? undefined : "Used when there is no value"),
      narrows && [field("Starts on or after (UTC)", day("from")), field("Starts before (UTC)", day("to"))]),
    h("div.row", {}, h("button.main", {}, "Search"), h("a", { href: "#/meetings" }, "Clear")));
}

/** @param {SubmitEvent} event @param {boolean} narrows */
function submitSearch(event, narrows) {
  event.preventDefault();
  const entered = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)));
  const { by, graphOrganizer, status, from, to } = entered;
  const value = String(entered.value).trim();
  if (by === "id" && value) return go(`#/meetings/${encodeURIComponent(value)}`);
  const query = new URLSearchParams();
  if (value) query.set(String(by), value);
  if (value && IN_GRAPH.includes(String(by)) && graphOrganizer) query.set("organizer", String(graphOrganizer).trim());
  if (status && (narrows || !value)) query.set("status", String(status));
  if (narrows && from) query.set("from", String(from));
  if (narrows && to) query.set("to", String(to));
  go(`#/meetings?${query}`);
}

/** A field that takes the whole width of its form. @param {HTMLElement} field */
function wide(field) {
  field.classList.add("wide");
  return field;
}

/** @param {string} text @param {HTMLElement} control @param {string} [hint] */
function field(text, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return h("div.field", {}, h("label", { for: control.id }, text), control, hint && h("span.hint", { id: `${control.id}-hint` }, hint));
}
