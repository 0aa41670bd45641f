// Who is free: a form over the availability of people and rooms, and the free slots as a table.

const MOST_SLOTS = 200;

/** @param {View} view */
async function availability({ draw }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const input = (/** @type {string} */ id, attributes = {}) => h("input", { id, name: id, autocomplete: "off", ...attributes });
  const lines = (/** @type {string} */ id, attributes = {}) => h("textarea", { id, name: id, spellcheck: "false", ...attributes });
  const result = h("div.results", { "aria-live": "polite" });
  const form = /** @type {HTMLFormElement} */ (h("form.card", { submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    attempt(/** @type {HTMLButtonElement} */ (event.submitter ?? form.querySelector("button")), search);
  } },
  h("div.columns", {},
    field("Organizers", lines("organizers"), "One address on each line"),
    field("Rooms", lines("rooms"), "One address on each line (optional)")),
  h("div.fields", {},
    field("From", input("start", { type: "datetime-local", required: true })),
    field("Until", input("end", { type: "datetime-local", required: true })),
    field("Time zone", input("timeZone", { value: zone, required: true })),
    field("Minutes", input("duration", { type: "number", min: "1", max: "1440", value: "30", required: true })),
    field("Hours", h("select", { id: "withinWorkingHours", name: "withinWorkingHours" },
      h("option", { value: "" }, "All hours"), h("option", { value: "true" }, "Working hours only")))),
  h("div", {}, h("button.main", {}, "Find free times"))));
  const search = async () => {
    result.replaceChildren(h("p.wait", {}, "Asking Microsoft 365 …"));
    markFaults(form, []);
    try {
      const body = availabilityRequestOf(new FormData(form));
      const { data } = await call("findAvailability", { body });
      result.replaceChildren(...nodes(freeSlots(data, body.start.timeZone)));
    } catch (error) {
      result.replaceChildren();
      if (error instanceof ApiError) markFaults(form, error.faults);
      throw error;
    }
  };
  draw([title("Availability", "When people and rooms are free, by their calendars and by the meetings of this app."), form, result]);
}

/** @param {FormData} form @returns {Record<string, any>} */
function availabilityRequestOf(form) {
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  const addresses = (/** @type {string} */ name) => text(name).split(/[\s,;]+/).filter(Boolean);
  const when = (/** @type {string} */ name) => ({ dateTime: `${text(name)}:00`, timeZone: text("timeZone") });
  const request = { organizers: addresses("organizers"), start: when("start"), end: when("end"), duration: `PT${text("duration")}M` };
  const rooms = addresses("rooms");
  return { ...request, ...(rooms.length ? { rooms } : {}), ...(text("withinWorkingHours") ? { withinWorkingHours: true } : {}) };
}

/** @param {{slots: any[], unknown: any[]}} found @param {string} zone @returns {Child[]} */
function freeSlots({ slots, unknown }, zone) {
  const rows = slots.slice(0, MOST_SLOTS).map(({ start, end, organizers, rooms }) =>
    [`${String(start).slice(0, 16).replace("T", " ")} to ${String(end).slice(11, 16)}`, listed(organizers) || "–", listed(rooms) || "–"]);
  return [
    unknown.length > 0 && h("div.notice.warn", {}, h("strong", {}, "Not known:"), h("ul", {}, unknown.map(({ address, message }) => h("li", {}, `${address}: ${message}`)))),
    slots.length ? h("section.card", {}, h("p", {}, slots.length > MOST_SLOTS ? `The first ${MOST_SLOTS} of ${counted(slots.length, "free time")}` : counted(slots.length, "free time")),
      table("Free times", [`Time (${zone})`, "Free organizers", "Free rooms"], rows)) : empty("Nobody is free at that time."),
  ];
}
