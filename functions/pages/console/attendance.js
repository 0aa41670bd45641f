// Who was in the calls of a meeting: personal data, so it is read only when somebody unfolds it.

/** @param {string} id */
function attendance(id) {
  const place = h("div.results", { "aria-live": "polite" });
  const details = /** @type {HTMLDetailsElement} */ (h("details.card", { toggle: async () => {
    if (!details.open) return;
    place.replaceChildren(h("p.wait", {}, "Asking Microsoft 365 …"));
    try {
      const { data } = await call("getAttendance", { path: { id } });
      place.replaceChildren(...nodes(attendanceReports(data.reports)));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
  } }, h("summary", {}, "Who attended"), place));
  return details;
}

/** @param {any[]} reports @returns {Child[]} */
function attendanceReports(reports) {
  if (!reports.length) return [empty("There is no attendance report.", "Microsoft 365 makes one after everybody has left the call.")];
  return reports.map(({ start, end, attendees, totalParticipantCount, moreAttendees }, n) => {
    const rows = attendees.map((/** @type {any} */ each) => [
      [each.name ?? "Without a name", each.address && h("small.soft", {}, each.address)], each.role,
      counted(Math.ceil(each.totalSeconds / 60), "minute"), moment(each.intervals[0]?.joinedAt)]);
    return h("section", {}, h("h3", {}, start && end ? MOMENT.formatRange(new Date(start), new Date(end)) : `Report ${n + 1}`), h("p.soft", {}, counted(totalParticipantCount, "person", "people")),
      table(`Attendance, report ${n + 1}`, ["Attendee", "Role", "Stayed", "Joined"], rows),
      moreAttendees && h("p.small.soft", {}, "There are more attendees than an answer has room for."));
  });
}
