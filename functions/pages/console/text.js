// How times, statuses and requests read.

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const NUMBER = new Intl.NumberFormat("en");
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** What a status is called here, and the colour that it has. @type {Record<string, [string, string]>} */
const STATUS = {
  queued: ["Queued", "busy"], running: ["Running", "busy"], succeeded: ["Succeeded", "good"], failed: ["Failed", "bad"],
  cancelled: ["Cancelled", ""], external: ["Not made by Convene", ""], active: ["Active", "good"], paused: ["Paused", "warn"],
  ended: ["Ended", ""], asRequested: ["As requested", "good"], changed: ["Changed in Outlook", "warn"],
  removed: ["Removed in Outlook", "bad"], accepted: ["Accepted", "good"], tentativelyAccepted: ["Maybe", "warn"],
  declined: ["Declined", "bad"], notResponded: ["Not answered", ""], none: ["Not answered", ""],
};

/** @param {string} status */
function badge(status) {
  const [text, colour] = STATUS[status] ?? [status, ""];
  return h(`span.badge${colour && `.${colour}`}`, {}, text);
}

/** An instant in the reader's own time zone, with its distance from now. @param {string | null} instant */
function moment(instant) {
  return instant && [h("time", { datetime: instant }, MOMENT.format(new Date(instant))), " (", shortly(instant), ")"];
}

/** How far an instant is from now, kept up to date. @param {string | null} instant */
function shortly(instant) {
  return instant && h("time.ago", { datetime: instant, title: instant }, distance(new Date(instant)));
}

/** @param {Date} date */
function distance(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return AGO.format(Math.round(seconds / size), unit);
}

/** A dateTimeTimeZone of Graph, or an instant of a standalone meeting, as it was written. @param {any} when */
function wall(when) {
  if (!when) return null;
  if (typeof when === "string") return when.replace("T", " ").replace(/:00(?=$|Z|[+-]\d\d:\d\d$)/, "").replace(/(?=[+-]\d\d:\d\d$)/, " ");
  return `${String(when.dateTime).replace("T", " ").replace(/:00(\.0+)?$/, "")} ${when.timeZone ?? ""}`;
}

/** A duration of ISO 8601 in words, as far as it is written in days and times. @param {string} duration */
function lasting(duration) {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration)?.slice(1) ?? [];
  const parts = found.map((count, n) => count && counted(Number(count), UNITS[n][0])).filter(Boolean);
  return parts.join(" ") || duration;
}

/** @param {any} meeting */
function subjectOf(meeting) {
  const subject = meeting.observed?.subject ?? meeting.request?.subject;
  return typeof subject === "string" && subject.trim() ? subject : "Without a subject";
}

/** @param {any} meeting */
function startOf(meeting) {
  return wall(meeting.observed?.start ?? meeting.request?.start ?? meeting.request?.startDateTime) ?? "no time";
}

/** @param {number} count @param {string} one @param {string} [many] */
function counted(count, one, many = `${one}s`) {
  return `${NUMBER.format(count)} ${count === 1 ? one : many}`;
}

/** A name of the API as words: `organizerAllowed` is "Organizer allowed". @param {string} name */
function words(name) {
  const text = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return text[0].toUpperCase() + text.slice(1);
}

/** @param {any} value */
function json(value) {
  return h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));
}
