// One meeting: what was requested, what Graph has made of it, what people answered, and what an operator may do.

const PENDING_SECONDS = 3;
const SETTLED_SECONDS = 30;
const FINISHED = ["succeeded", "failed", "cancelled"];

/** @param {View} view */
async function oneMeeting({ path: [id], signal, draw }) {
  let shown = "";
  let pending = true;
  /** @type {() => Promise<void>} */
  let again = async () => {};
  const refresh = async () => {
    const path = { id };
    const [{ data: meeting }, history] = await Promise.all([
      call("getMeeting", { path, signal }),
      can("getHistory") ? call("getHistory", { path, signal }).then((answer) => answer.data.entries) : null,
    ]);
    pending = !FINISHED.includes(meeting.status);
    const state = JSON.stringify([meeting, history]);
    if (state === shown || document.querySelector("dialog[open]")) return;
    if (shown) announce(`The meeting has changed. Its status is ${STATUS[meeting.status]?.[0] ?? meeting.status}.`);
    shown = state;
    draw(meetingPage(meeting, history, () => again()));
  };
  await refresh();
  again = poll(signal, () => (pending ? PENDING_SECONDS : SETTLED_SECONDS), refresh);
}

/** @param {any} meeting @param {any[] | null} history @param {() => Promise<void>} refresh */
function meetingPage(meeting, history, refresh) {
  return [
    h("div.title", {}, title(subjectOf(meeting)), h("div.row", {}, badge(meeting.status), meeting.observed && badge(meeting.observed.state), h("code.soft", {}, meeting.id), copyButton(meeting.id, "the id"))),
    meetingActions(meeting, refresh),
    meeting.error && failed(meeting.error),
    h("div.columns", {},
      h("div.columns", {}, requested(meeting), join(meeting)),
      h("div.columns", {}, meeting.observed && observed(meeting.observed), progressOf(meeting), history && timeline(history))),
    can("getAttendance") && meeting.joinUrl && attendance(meeting.id),
    h("details.card", {}, h("summary", {}, "The request, as it was sent"), json(meeting.request)),
    h("details.card", {}, h("summary", {}, "The whole answer of the API"), json(meeting)),
  ];
}

/** @param {any} meeting @param {() => Promise<void>} refresh */
function meetingActions(meeting, refresh) {
  const path = { id: meeting.id };
  const finished = FINISHED.includes(meeting.status);
  const subject = subjectOf(meeting);
  const then = async (/** @type {string} */ text) => (announce(text), await refresh());
  return h("div.row.actions", { role: "group", "aria-label": "Actions" },
    can("retryMeeting") && meeting.status === "failed" && actionButton("Retry", {
      heading: `Retry “${subject}”?`, text: "The request is tried again as it was sent.", action: "Retry",
    }, async () => (await call("retryMeeting", { path }), await then("The meeting is tried again"))),
    can("refreshMeeting") && meeting.status !== "cancelled" && meeting.joinUrl && actionButton("Refresh", {
      heading: `Read “${subject}” from Microsoft 365?`,
      text: "The app compares the meeting with the organizer's calendar. A change that it finds is published.", action: "Refresh",
    }, async () => (await call("refreshMeeting", { path }), await then("The meeting was read from Microsoft 365"))),
    can("getInvitation") && meeting.joinUrl && invitationButton(meeting),
    can("cancelMeeting") && meeting.status !== "cancelled" && actionButton("Cancel the meeting", {
      heading: `Cancel “${subject}”?`, text: "The attendees get a cancellation. This cannot be undone.", action: "Cancel the meeting",
      danger: true, comment: "Comment for the attendees (optional)",
    }, async ({ comment }) => {
      await call("cancelMeeting", { path, body: comment ? { comment } : undefined });
      await then("The meeting is being cancelled");
    }),
    can("forgetMeeting") && finished && actionButton("Forget", {
      heading: `Forget “${subject}”?`,
      text: "Convene removes everything that it keeps of this meeting. The event stays in the organizer's calendar. This cannot be undone.",
      action: "Forget", danger: true,
    }, async () => (await call("forgetMeeting", { path }), announce("The meeting is forgotten"), go("#/meetings"))));
}

/** @param {any} meeting */
function invitationButton(meeting) {
  const button = /** @type {HTMLButtonElement} */ (h("button", { type: "button", click: () => attempt(button, async () => {
    const { data } = await call("getInvitation", { path: { id: meeting.id } });
    const url = URL.createObjectURL(new Blob([data], { type: "text/calendar" }));
    h("a", { href: url, download: "invitation.ics" }).click();
    URL.revokeObjectURL(url);
  }) }, "Invitation file"));
  return button;
}

/** @param {any} error */
function failed(error) {
  return h("section.notice.bad", { "aria-label": "Why it failed" },
    h("h2", {}, error.message), remedy(error.remedy),
    error.errors?.length > 0 && h("ul", {}, error.errors.map((/** @type {any} */ each) => h("li", {}, h("code", {}, each.pointer || "/"), " ", each.message))),
    terms([["Cause", h("a", { href: `#/failed/${encodeURIComponent(error.code)}` }, error.code)], ["Graph answered", error.graph && `${error.graph.status} ${error.graph.code}`],
      ["Graph's request id", error.graph && h("code", {}, error.graph.requestId)]]));
}

/** @param {any} meeting */
function requested({ request, kind, organizer, room, reference, schedule, received }) {
  const people = [...(request?.attendees ?? [])].map((/** @type {any} */ each) => each.emailAddress?.address ?? "");
  return card("Requested",
    terms([["Kind", kind], ["Organizer", organizer ?? "Not chosen yet"], ["Chosen from", listed(request?.organizerPool?.candidates)],
      ["Start", wall(request?.start ?? request?.startDateTime)], ["End", wall(request?.end ?? request?.endDateTime)],
      ["Attendees", listed(people)], ["Room", room && (room.name || room.address)], ["A room from", listed(request?.roomPool?.candidates)],
      ["Reference", reference], ["Schedule", schedule && h("a", { href: `#/schedules/${schedule}` }, schedule)]]),
    received && [h("h3.small.soft", {}, "The message that could not be read"), h("pre", { tabindex: "0" }, received.text)]);
}

/** @param {any} meeting */
function join({ joinUrl, joinMeetingId, passcode, dialIn, webLink, meetingOptionsWebUrl, expiresAt }) {
  if (!joinUrl) return card("To join", empty("There is no join link."));
  return card("To join",
    h("div", {}, h("p.link", {}, externalLink(joinUrl)), copyButton(joinUrl, "the join link")),
    terms([["Meeting number", joinMeetingId], ["Passcode", passcode], ["Telephone", dialIn?.tollNumber ?? dialIn?.tollFreeNumber],
      ["Conference id", dialIn?.conferenceId], ["In Outlook", externalLink(webLink, "Open the event")],
      ["Options", externalLink(meetingOptionsWebUrl, "Open the meeting options")], ["Expires", moment(expiresAt)]]));
}

/** @param {any} seen */
function observed(seen) {
  const rows = seen.attendees.map((/** @type {any} */ each) => [
    [each.name || each.address, each.name && h("small.soft", {}, each.address)], badge(each.response),
    [shortly(each.respondedAt), each.proposedStart && h("small", {}, "proposes ", wall(each.proposedStart))]]);
  return card("In Microsoft 365",
    h("div.row", {}, badge(seen.state), seen.changes.length > 0 && h("span", {}, seen.changes.join(", "))),
    terms([["Subject", seen.subject], ["Start", wall(seen.start)], ["End", wall(seen.end)], ["Location", seen.location?.displayName], ["Observed", moment(seen.observedAt)]]),
    rows.length > 0 && table("Answers of the attendees", ["Attendee", "Answer", "When"], rows));
}

/** @param {any} meeting */
function progressOf({ createdAt, updatedAt, attempts, nextAttemptAt, version }) {
  return card("Progress", terms([["Requested", moment(createdAt)], ["Changed", moment(updatedAt)], ["Attempts", `${attempts}`],
    ["Next attempt", moment(nextAttemptAt)], ["Version", `${version}`]]));
}

/** @param {any[]} entries */
function timeline(entries) {
  return card("History", h("ol.timeline", {}, entries.map((each) =>
    h("li", {}, h("span", {}, each.detail), h("span.small.soft", {}, words(each.event), ", ", moment(each.at))))));
}
