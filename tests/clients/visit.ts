// A whole visit by a generated client: test_visit.py generates ./client, compiles this file, and runs it.
import { client } from "./client/client.gen.js";
import {
  addAttendee,
  cancelMeeting,
  createMeeting,
  createSchedule,
  deleteSchedule,
  getMeeting,
  listMeetings,
  submitMeetings,
  updateMeeting,
  validateMeeting,
} from "./client/sdk.gen.js";
import type { Meeting, MeetingRequest, Problem } from "./client/types.gen.js";

declare const process: { argv: string[] };
const [, , url, key] = process.argv;
if (!url || !key) throw new Error("visit.js URL KEY");

const addresses: string[] = [];
client.setConfig({
  baseUrl: url,
  auth: key,
  fetch: (input, init) => {
    const request = new Request(input, init);
    addresses.push(request.url);
    return fetch(request);
  },
});

function check(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(what);
}

function answered<T>(result: { data?: T; error?: Problem }): T {
  check(result.data !== undefined, `refused: ${result.error?.code} ${result.error?.detail}`);
  return result.data;
}

async function finished(id: string): Promise<Meeting> {
  for (let n = 0; n < 200; n += 1) {
    const meeting: Meeting = answered(await getMeeting({ path: { id } }));
    if (meeting.status !== "queued" && meeting.status !== "running") return meeting;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`meeting ${id} is not finished`);
}

const request: MeetingRequest = {
  organizer: "AlexW@contoso.com",
  subject: "Video visit",
  start: { dateTime: "2027-01-20T13:00:00", timeZone: "Pacific Standard Time" },
  end: { dateTime: "2027-01-20T13:30:00", timeZone: "Pacific Standard Time" },
  attendees: [{ emailAddress: { address: "AdeleV@contoso.com" } }],
  reference: "visit-4711",
};

// Validate and create; the same key again is the same meeting.
const { valid } = answered(await validateMeeting({ body: request }));
check(valid, "the request is valid");
const headers = { "Idempotency-Key": "visit-1" };
const { id } = answered(await createMeeting({ body: request, headers }));
check(answered(await createMeeting({ body: request, headers })).id === id, "one key, one meeting");
const made = await finished(id);
check(made.status === "succeeded" && made.joinUrl !== null, `there is a join link: ${made.error?.message}`);
check(made.request?.subject === "Video visit", "the request is typed");

// Another request with the key is refused, by a code and a detail.
const other = await createMeeting({ body: { ...request, subject: "Other" }, headers });
check(other.error?.code === "keyReused" && other.response?.status === 422, "the key was used");
const invalid = await createMeeting({ body: { ...request, subject: "" } });
check(invalid.error?.errors?.[0]?.pointer === "/subject", "the fault has a place");

// Change, with the version that was read; an old version is refused, and an option goes away by null.
const changed = answered(
  await updateMeeting({
    path: { id },
    headers: { "If-Match": `"${made.version}"` },
    body: { subject: "Video visit, later", reference: null },
  }),
);
check(changed.version === made.version + 1, "there is another version");
const lost = await updateMeeting({ path: { id }, headers: { "If-Match": '"1"' }, body: { subject: "Lost" } });
check(lost.error?.code === "versionMismatch", "the race is lost");
const person = { emailAddress: { address: "MeganB@contoso.com" }, type: "optional" as const };
answered(await addAttendee({ path: { id }, body: person }));
check((await finished(id)).request?.attendees?.length === 2, "two people are invited");

// List, by organizer.
const list = answered(await listMeetings({ query: { organizer: "AlexW@contoso.com", top: 10 } }));
check(list.meetings.some((meeting) => meeting.id === id), "the meeting is in the list");

// A batch with one bad request.
const batch = answered(
  await submitMeetings({
    body: { meetings: [{ idempotencyKey: "visit-2", request }, { request: { organizer: "nobody" } }] },
  }),
);
check(batch.results[0]?.status === 202 && batch.results[1]?.problem?.code === "invalidRequest", "one is refused");

// A schedule.
const schedule = answered(
  await createSchedule({
    body: {
      recurrence: "RRULE:FREQ=WEEKLY;BYDAY=MO",
      timeZone: "Europe/Berlin",
      start: "2027-01-04T10:00:00",
      duration: "PT1H",
      leadTime: "P7D",
      request: { kind: "standalone", organizer: "AlexW@contoso.com", subject: "Rounds {date}" },
    },
  }),
);
check(schedule.status === "active" && schedule.nextOccurrences.length > 0, "the schedule is active");
check((await deleteSchedule({ path: { id: schedule.id } })).error === undefined, "the schedule is deleted");

// Cancel.
answered(await cancelMeeting({ path: { id }, body: { comment: "The doctor is ill." } }));
check((await finished(id)).status === "cancelled", "the meeting is cancelled");

check(addresses.length > 10 && addresses.every((address) => !address.includes(key)), "no URL has the key");
console.log(`${addresses.length} requests`);
