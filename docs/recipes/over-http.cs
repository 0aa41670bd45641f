// Creates a meeting over HTTP and prints its join link: `dotnet run over-http.cs URL [KEY]`. Needs the SDK of .NET 10.
// It matches over-http.mjs line by line, and has only been read: neither compiled nor run.
using System.Net;
using System.Text.Json.Nodes;

const string reference = "visit-4718";
if (args.Length == 0)
{
    Console.Error.WriteLine("Usage: dotnet run over-http.cs URL [KEY]");
    return 2;
}
var (url, key) = (args[0], args.Length > 1 ? args[1] : "");
var request = new JsonObject
{
    ["organizer"] = "AlexW@contoso.com",
    ["reference"] = reference,
    ["subject"] = "Video visit",
    ["start"] = new JsonObject { ["dateTime"] = "2027-01-20T13:00:00", ["timeZone"] = "Europe/Berlin" },
    ["end"] = new JsonObject { ["dateTime"] = "2027-01-20T13:30:00", ["timeZone"] = "Europe/Berlin" },
    ["attendees"] = new JsonArray(new JsonObject { ["emailAddress"] = new JsonObject { ["address"] = "AdeleV@contoso.com" } }),
};

using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(90) };
client.DefaultRequestHeaders.Add("x-functions-key", key);

// The body is sent with its length: a chunked body does not reach the app.
var body = new StringContent(request.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
var asked = new HttpRequestMessage(HttpMethod.Post, $"{url}/meetings") { Content = body };
// The key makes it one meeting, however often this program runs.
asked.Headers.Add("Idempotency-Key", reference);
asked.Headers.Add("Prefer", "wait=30");
var (answer, meeting) = await Send(asked);
while (answer.StatusCode == HttpStatusCode.Accepted)
{
    await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(2));
    (answer, meeting) = await Send(new HttpRequestMessage(HttpMethod.Get, answer.Headers.Location));
}
if ((string?)meeting["status"] != "succeeded")
{
    Console.Error.WriteLine($"{meeting["error"]!["code"]}: {meeting["error"]!["remedy"]}");
    return 1;
}
Console.WriteLine(meeting["joinUrl"]);
return 0;

async Task<(HttpResponseMessage, JsonNode)> Send(HttpRequestMessage message)
{
    var response = await client.SendAsync(message);
    var content = await response.Content.ReadAsStringAsync();
    var document = content.Length > 0 ? JsonNode.Parse(content)! : new JsonObject();
    if (!response.IsSuccessStatusCode)
    {
        throw new HttpRequestException($"{(int)response.StatusCode} {document["code"]}: {document["detail"]}");
    }
    return (response, document);
}
