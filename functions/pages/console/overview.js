// The state of the app: counts, failures by cause, and what is waiting, by age.

const OVERVIEW_SECONDS = 15;
const LOOKED_AT = 1000;
/** @type {[string, number][]} */
const AGES = [["Under a minute", 60], ["1 to 10 minutes", 600], ["10 minutes to an hour", 3600], ["Over an hour", Infinity]];
const OLDEST = 10;

/** @param {View} view */
async function overview({ signal, draw }) {
  const refresh = async () => {
    const [summary, queued, running] = await Promise.all([
      can("getSummary") ? call("getSummary", { signal }).then((answer) => answer.data) : null,
      collect("listMeetings", { status: "queued" }, "meetings", { limit: LOOKED_AT, signal }),
      collect("listMeetings", { status: "running" }, "meetings", { limit: LOOKED_AT, signal }),
    ]);
    draw([
      title("Overview"),
      summary && tiles(summary),
      h("div.columns", {}, summary && failures(summary), pending([...queued.found, ...running.found], queued.more || running.more)),
    ]);
  };
  await refresh();
  poll(signal, () => OVERVIEW_SECONDS, refresh);
}

/** @param {any} summary */
function tiles({ counts, capped }) {
  const tile = (/** @type {[string, any]} */ [status, count]) =>
    h("li", {},
      h(`a.tile${status === "failed" && count ? ".alarm" : ""}`, { href: `#/meetings?status=${status}` },
        h("b", {}, NUMBER.format(count), capped.includes(status) && "+"), h("span.soft", {}, STATUS[status]?.[0] ?? status)));
  return h("ul.tiles", { "aria-label": "Meetings by status" }, Object.entries(counts).map(tile));
}

/** @param {any} summary */
function failures({ failed }) {
  if (!failed.length) return card("Failed, by cause", empty("No meeting has failed."));
  const rows = failed.map((/** @type {any} */ { code, count }) => [
    h("a", { href: `#/failed/${encodeURIComponent(code)}` }, code),
    NUMBER.format(count),
  ]);
  return card("Failed, by cause", table("Failed meetings by cause", ["Cause", "Meetings"], rows));
}

/** @param {any[]} meetings @param {boolean} more */
function pending(meetings, more) {
  if (!meetings.length) return card("Waiting, by age", empty("Nothing is waiting: every request is finished."));
  const age = (/** @type {any} */ meeting) => (Date.now() - Date.parse(meeting.createdAt)) / 1000;
  const oldest = meetings.toSorted((a, b) => age(b) - age(a));
  const rows = AGES.map(([name, below], n) => {
    const above = AGES[n - 1]?.[1] ?? -Infinity;
    return [name, meetings.filter((each) => age(each) >= above && age(each) < below).length];
  });
  return card("Waiting, by age",
    terms(rows.map(([name, count]) => [`${name}`, counted(Number(count), "meeting")])),
    h("h3.small.soft", {}, "The oldest"),
    table("The meetings that have waited longest", ["Meeting", "Requested", "Next attempt"],
      oldest.slice(0, OLDEST).map((each) => [meetingLink(each), shortly(each.createdAt), shortly(each.nextAttemptAt) ?? "at once"])),
    more && h("p.small.soft", {}, `There are more: of each status the newest ${NUMBER.format(LOOKED_AT)} were read.`));
}

/** @param {any} meeting */
function meetingLink(meeting) {
  const text = meeting.id ? h("a", { href: `#/meetings/${meeting.id}` }, subjectOf(meeting)) : subjectOf(meeting);
  return [text, h("small.soft", {}, meeting.organizer ?? "Organizer not chosen")];
}

/** The failed meetings of one cause, and a way to retry them all. @param {View} view */
async function failedByCause({ path: [code], signal, draw }) {
  const progress = h("p.wait", {}, "Reading the failed meetings …");
  draw([title(code), progress]);
  const { found, more } = await collect("listMeetings", { status: "failed" }, "meetings", {
    limit: LOOKED_AT, signal, progress: (count) => (progress.textContent = `${counted(count, "failed meeting")} read …`),
  });
  const meetings = found.filter((each) => each.error?.code === code);
  const heading = title(code, `${counted(meetings.length, "failed meeting")} of this cause`);
  if (!meetings.length)
    return draw([heading, empty("No failed meeting has this cause.", h("a", { href: "#/" }, "Back to the overview"))]);
  draw([
    heading,
    h("div.notice.bad", {}, h("p", {}, meetings[0].error.message), remedy(meetings[0].error.remedy)),
    can("retryMeeting") && retryAll(meetings, signal),
    card("Meetings", table(`Failed meetings: ${code}`, ["Meeting", "Start", "Failed"], meetings.map((each) => [meetingLink(each), startOf(each), shortly(each.updatedAt)]))),
    more && h("p.small.soft", {}, `There are more failed meetings: the newest ${NUMBER.format(LOOKED_AT)} were read.`),
  ]);
}

/** @param {string | null} text */
function remedy(text) {
  return text && [h("p", {}, h("strong", {}, "What to do")), h("pre", { tabindex: "0" }, text), h("div", {}, copyButton(text, "what to do"))];
}

/** @param {any[]} meetings @param {AbortSignal} signal */
function retryAll(meetings, signal) {
  const bar = h("progress", { max: meetings.length, value: 0, "aria-label": "Meetings that were retried" });
  const counts = h("p.soft", {});
  const result = h("div", { hidden: true }, bar, counts);
  const button = actionButton(`Retry all ${NUMBER.format(meetings.length)}`, {
    heading: `Retry ${counted(meetings.length, "meeting")}?`,
    text: "Each is tried again as it was requested. Retry when the cause is repaired; otherwise they fail again.",
    action: "Retry all",
  }, async () => {
    result.hidden = false;
    let retried = 0;
    /** @type {unknown} */
    let refused = null;
    for (const [n, meeting] of meetings.entries()) {
      if (signal.aborted) return;
      try {
        await call("retryMeeting", { path: { id: meeting.id }, signal });
        retried += 1;
      } catch (error) {
        refused = error;
        if (!(error instanceof ApiError) || ![404, 409].includes(error.status)) break;
      }
      bar.setAttribute("value", `${n + 1}`);
      counts.textContent = `${retried} of ${counted(meetings.length, "meeting")} retried`;
    }
    announce(counts.textContent ?? "");
    if (refused) throw refused;
  });
  return h("div.card.actions", {}, h("div.row.spread", {}, h("p", {}, "When the cause is repaired, try all of them again."), button), result);
}
