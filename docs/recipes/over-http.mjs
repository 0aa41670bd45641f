// Creates a meeting over HTTP and prints its join link: `node over-http.mjs URL [KEY]`. Needs only Node 20 or later.
const [url, key = ""] = process.argv.slice(2);
if (!url) {
  console.error("Usage: node over-http.mjs URL [KEY]");
  process.exit(2);
}
const request = {
  organizer: "AlexW@contoso.com",
  reference: "visit-4714",
  subject: "Video visit",
  start: { dateTime: "2027-01-20T13:00:00", timeZone: "Europe/Berlin" },
  end: { dateTime: "2027-01-20T13:30:00", timeZone: "Europe/Berlin" },
  attendees: [{ emailAddress: { address: "AdeleV@contoso.com" } }],
};

async function call(method, target, headers = {}, body) {
  const answer = await fetch(target, { method, body, headers: { "x-functions-key": key, "content-type": "application/json", ...headers } });
  const text = await answer.text();
  const data = text ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(`${answer.status} ${data.code ?? ""}: ${data.detail ?? ""}`);
  return { status: answer.status, headers: answer.headers, meeting: data };
}

// The key makes it one meeting, however often this program runs.
let answer = await call("POST", `${url}/meetings`, { "idempotency-key": request.reference, prefer: "wait=30" }, JSON.stringify(request));
while (answer.status === 202) {
  await new Promise((done) => setTimeout(done, Number(answer.headers.get("retry-after")) * 1000));
  answer = await call("GET", answer.headers.get("location"));
}
const { status, joinUrl, error } = answer.meeting;
if (status !== "succeeded") throw new Error(`${error.code}: ${error.remedy}`);
console.log(joinUrl);
