// Meetings from a rule, and whether an organizer is ready.

/** @param {View} view */
async function schedules({ signal, draw }) {
  const { found, more } = await collect("listSchedules", {}, "schedules", { limit: LOOKED_AT, signal });
  const rows = found.map((each) => [
    [h("a", { href: `#/schedules/${each.id}` }, each.request.subject ?? "Without a subject"), h("small.soft", {}, each.request.organizer)],
    badge(each.status), wall(each.nextOccurrences[0]?.start) ?? "none"]);
  draw([
    title("Schedules", "Each occurrence of a schedule becomes one meeting, ahead of its start."),
    rows.length ? h("section.card", {}, table("Schedules", ["Schedule", "Status", "Next occurrence"], rows)) : empty("There is no schedule."),
    more && h("p.small.soft", {}, `There are more: the newest ${NUMBER.format(LOOKED_AT)} were read.`),
  ]);
}

/** @param {View} view */
async function oneSchedule({ path: [id], signal, draw }) {
  const path = { id };
  const { data: schedule, headers } = await call("getSchedule", { path, signal });
  const etag = headers.get("etag") ?? "*";
  const subject = schedule.request.subject ?? "Without a subject";
  const again = (/** @type {string} */ text) => (announce(text), oneSchedule({ path: [id], signal, draw, query: new URLSearchParams() }));
  const pause = (/** @type {boolean} */ paused) => actionButton(paused ? "Pause" : "Resume", paused
    ? { heading: `Pause “${subject}”?`, text: "No further meetings are made until it is resumed. Existing meetings stay.", action: "Pause" }
    : { heading: `Resume “${subject}”?`, text: "Meetings are made again, from the next occurrence on.", action: "Resume" },
  async () => (await setPaused(id, paused, etag), await again(paused ? "The schedule is paused" : "The schedule is resumed")));
  const occurrences = schedule.nextOccurrences.map((/** @type {any} */ each) => [
    wall(each.start), each.meetingId ? h("a", { href: `#/meetings/${each.meetingId}` }, "Its meeting") : ["Its meeting is made ", shortly(each.makeAt)]]);
  draw([
    h("div.title", {}, title(subject), h("div.row", {}, badge(schedule.status), h("code.soft", {}, schedule.id))),
    h("div.row.actions", { role: "group", "aria-label": "Actions" },
      schedule.status !== "ended" && can("updateSchedule") && pause(!schedule.paused),
      can("deleteSchedule") && actionButton("End the schedule", {
        heading: `End “${subject}”?`, text: "No further meetings are made. Existing meetings stay. This cannot be undone.", action: "End the schedule", danger: true,
      }, async () => (await call("deleteSchedule", { path }), announce("The schedule has ended"), go("#/schedules")))),
    h("div.columns", {},
      card("Rule", terms([["Organizer", schedule.request.organizer], ["Recurrence", h("code", {}, schedule.recurrence)], ["First", wall(schedule.start)], ["Time zone", schedule.timeZone],
        ["Duration", lasting(schedule.duration)], ["Made ahead", lasting(schedule.leadTime)], ["Changed", moment(schedule.updatedAt)]])),
      card("Next occurrences", occurrences.length ? table("Next occurrences", ["Start", "Meeting"], occurrences) : empty(schedule.paused ? "None while the schedule is paused." : "None: the rule has ended."))),
    h("details.card", {}, h("summary", {}, "The request that each occurrence becomes"), json(schedule.request)),
  ]);
}

/** @param {string} id @param {boolean} paused @param {string} etag */
async function setPaused(id, paused, etag) {
  const path = { id };
  const headers = { "if-match": etag };
  await call("updateSchedule", { path, headers, body: { paused }, type: "application/merge-patch+json" });
}

/** @param {View} view */
async function readiness({ query, signal, draw }) {
  const organizer = query.get("organizer") ?? "";
  const form = h("form.card", { submit: (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const entered = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("organizer");
    go(`#/readiness?organizer=${encodeURIComponent(String(entered).trim())}`);
  } },
  field("Organizer", h("input", { id: "organizer", name: "organizer", required: true, value: organizer, placeholder: "AlexW@contoso.com", autocomplete: "off", spellcheck: "false" }), "A user principal name or an object id"),
  h("div", {}, h("button.main", {}, "Check")));
  const heading = title("Readiness", "Whether meetings can be made for an organizer. The check only reads.");
  if (!organizer) return draw([heading, form]);
  draw([heading, form, h("p.wait", {}, "Asking Microsoft 365 …")]);
  const { data: report } = await call("getReadiness", { path: { organizer }, signal });
  const rows = report.checks.map((/** @type {any} */ each) => [
    h("strong", {}, words(each.name)), h(`span.badge.${each.ok ? "good" : "bad"}`, {}, each.ok ? "In order" : "Not in order"),
    h("div.prose", {}, each.detail, each.remedy && [h("pre", { tabindex: "0" }, each.remedy), copyButton(each.remedy, "the remedy")])]);
  draw([
    heading, form,
    h(`div.notice.${report.ready ? "good" : "bad"}`, { role: "status" }, h("strong", {}, report.ready ? `${report.organizer} is ready.` : `${report.organizer} is not ready.`)),
    h("section.card", {}, table("Checks", ["Check", "Result", "Detail"], rows)),
  ]);
}
