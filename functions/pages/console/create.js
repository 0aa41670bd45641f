// A form for one meeting: checked by the API as it will be when it is sent, then made once, however often it is sent.

/** @param {View} view */
async function create({ draw }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const key = crypto.randomUUID();
  const input = (/** @type {string} */ id, attributes = {}) => h("input", { id, name: id, autocomplete: "off", ...attributes });
  const kind = /** @type {HTMLSelectElement} */ (h("select", { id: "kind", name: "kind", change: () => adapt() },
    h("option", { value: "calendar" }, "In a calendar"), h("option", { value: "standalone" }, "A link only")));
  const calendarOnly = [field("Time zone", input("timeZone", { value: zone, required: true })),
    wide(field("Attendees", h("textarea", { id: "attendees", name: "attendees", spellcheck: "false" }), "One address on each line"))];
  const adapt = () => calendarOnly.forEach((each) => (each.hidden = kind.value !== "calendar"));
  const result = h("div", { "aria-live": "polite" });
  const form = /** @type {HTMLFormElement} */ (h("form.card", { submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (event.submitter ?? form.querySelector("button"));
    attempt(button, () => send(button.value));
  } },
  h("div.fields", {}, field("Kind", kind),
    field("Organizer", input("organizer", { required: true, spellcheck: "false" }), "A user principal name or an object id"),
    field("Reference", input("reference"), "Your own, to find the meeting by (optional)"),
    wide(field("Subject", input("subject"))), field("Start", input("start", { type: "datetime-local", required: true })),
    field("End", input("end", { type: "datetime-local", required: true })), calendarOnly),
  h("div.row", {}, h("button", { value: "check" }, "Check only"), h("button.main", { value: "create" }, "Create …")), result));
  const send = async (/** @type {string} */ action) => {
    const body = requestOf(new FormData(form));
    result.replaceChildren();
    markFaults(form, []);
    try {
      const { data } = await call("validateMeeting", { body });
      const warnings = data.warnings.map((/** @type {any} */ each) => h("li", {}, each.message ?? String(each)));
      result.replaceChildren(h("div.notice.good", {}, h("strong", {}, "The request is valid."), warnings.length > 0 && h("ul", {}, warnings)));
      if (action === "check") return;
      const invited = body.attendees?.length ? `${counted(body.attendees.length, "attendee")} will get an invitation.` : "Nobody is invited.";
      if (!(await ask({ heading: "Create the meeting?", text: `${invited} The organizer is ${body.organizer}.`, action: "Create" }))) return;
      const { data: meeting } = await call("createMeeting", { body, headers: { "idempotency-key": key } });
      announce("The meeting is requested");
      go(`#/meetings/${meeting.id}`);
    } catch (error) {
      if (error instanceof ApiError) markFaults(form, error.faults);
      throw error;
    }
  };
  adapt();
  draw([title("New meeting"), form]);
}

/** @param {FormData} form @returns {Record<string, any>} */
function requestOf(form) {
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  /** @type {Record<string, any>} */
  const request = { kind: text("kind"), organizer: text("organizer") };
  if (text("subject")) request.subject = text("subject");
  if (text("reference")) request.reference = text("reference");
  if (request.kind === "standalone") {
    const instant = (/** @type {string} */ name) => new Date(text(name)).toISOString();
    return { ...request, startDateTime: instant("start"), endDateTime: instant("end") };
  }
  const when = (/** @type {string} */ name) => ({ dateTime: `${text(name)}:00`, timeZone: text("timeZone") });
  const attendees = text("attendees").split(/[\s,;]+/).filter(Boolean).map((address) => ({ emailAddress: { address } }));
  return { ...request, start: when("start"), end: when("end"), ...(attendees.length ? { attendees } : {}) };
}

/** Show each fault at its field; a fault without a field goes to the list below. @param {HTMLFormElement} form @param {{pointer: string, message: string}[]} faults */
function markFaults(form, faults) {
  form.querySelectorAll(".fault").forEach((each) => each.remove());
  form.querySelectorAll("[aria-invalid]").forEach((each) => (each.removeAttribute("aria-invalid"), each.removeAttribute("aria-errormessage")));
  for (const { pointer, message } of faults) {
    const [, member, inner] = pointer.split("/");
    const control = form.querySelector(`#${CSS.escape(inner === "timeZone" ? "timeZone" : member.replace(/DateTime$/, "") || "none")}`);
    if (!control || control.hasAttribute("aria-invalid")) continue;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", `${control.id}-fault`);
    control.after(h("span.fault", { id: `${control.id}-fault` }, message));
  }
  /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid]"))?.focus();
}
