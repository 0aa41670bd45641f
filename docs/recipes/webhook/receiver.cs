#:sdk Microsoft.NET.Sdk.Web
// Receives Convene's events as a webhook of Event Grid: `dotnet run receiver.cs`. Needs the SDK of .NET 10.
// It matches receiver.py and receiver.mjs line by line, and has only been read: neither compiled nor run.
//
// WEBHOOK_SECRET is the secret that the event subscription sends as `Authorization: Bearer SECRET`. While you replace
// it, set both, separated by a comma. Event Grid delivers over https only: put this behind your gateway.
// An event comes at least once, in any order: `source` and `id` identify it, and a meeting's `version` says which of two
// is later.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

const int largest = 1024 * 1024;
const string one = "application/cloudevents+json", batch = "application/cloudevents-batch+json";
string Setting(string name, string without) => Environment.GetEnvironmentVariable(name) ?? without;

var origin = Setting("WEBHOOK_ORIGIN", "eventgrid.azure.net");
var handled = Setting("WEBHOOK_HANDLED", "handled-events");
var secrets = Setting("WEBHOOK_SECRET", "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
if (secrets.Length == 0)
{
    Console.Error.WriteLine("Set WEBHOOK_SECRET to the secret that the event subscription sends.");
    return 1;
}
Directory.CreateDirectory(handled);

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = largest);
var app = builder.Build();

// https://learn.microsoft.com/azure/event-grid/webhook-event-delivery: Event Grid asks before it sends the first event.
app.MapMethods("/", ["OPTIONS"], (HttpRequest request, HttpResponse response) =>
{
    if (request.Headers["WebHook-Request-Origin"] != origin) return Results.StatusCode(403);
    var rate = request.Headers["WebHook-Request-Rate"].ToString();
    response.Headers.Allow = "POST";
    response.Headers["WebHook-Allowed-Origin"] = origin;
    response.Headers["WebHook-Allowed-Rate"] = rate.Length > 0 ? rate : "*";
    return Results.Ok();
});

// https://learn.microsoft.com/azure/event-grid/delivery-and-retry: 400, 401, 403 and 413 go to the dead letters;
// anything else is delivered again.
app.MapPost("/", async (HttpRequest request) =>
{
    if (request.ContentLength is null) return Results.StatusCode(411);
    if (request.ContentLength > largest) return Results.StatusCode(413);
    var sent = Digest(request.Headers.Authorization.ToString());
    if (!secrets.Any(secret => CryptographicOperations.FixedTimeEquals(sent, Digest($"Bearer {secret}")))) return Results.StatusCode(401);
    var mediaType = (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
    if (mediaType is not (one or batch)) return Results.StatusCode(415);
    JsonDocument document;
    try
    {
        document = await JsonDocument.ParseAsync(request.Body);
    }
    catch (JsonException)
    {
        return Results.StatusCode(400);
    }
    using (document)
    {
        if (mediaType == batch && document.RootElement.ValueKind != JsonValueKind.Array) return Results.StatusCode(400);
        var events = mediaType == batch ? document.RootElement.EnumerateArray().ToList() : [document.RootElement];
        if (!events.All(IsCloudEvent)) return Results.StatusCode(400);
        foreach (var each in events) await Take(each);
    }
    return Results.Ok();
});

app.Run();
return 0;

// Do what your system does with an event; here, print it. If it throws, Event Grid delivers the event again.
Task Handle(JsonElement cloudEvent)
{
    var meeting = cloudEvent.GetProperty("data");
    var error = meeting.GetProperty("error");
    var outcome = meeting.GetProperty("joinUrl").GetString()
        ?? (error.ValueKind == JsonValueKind.Object ? error.GetProperty("code").GetString() : null);
    Console.WriteLine($"{cloudEvent.GetProperty("type").GetString()} {meeting.GetProperty("reference").GetString()} {outcome}");
    return Task.CompletedTask;
}

// Handles an event unless it was handled before; a database's unique key does the same.
async Task Take(JsonElement cloudEvent)
{
    var name = $"{cloudEvent.GetProperty("source").GetString()}\n{cloudEvent.GetProperty("id").GetString()}";
    var mark = Path.Combine(handled, Convert.ToHexString(Digest(name)));
    if (File.Exists(mark)) return;
    await Handle(cloudEvent);
    await File.WriteAllTextAsync(mark, "");
}

bool IsCloudEvent(JsonElement each) =>
    each.ValueKind == JsonValueKind.Object
    && new[] { "id", "source", "type" }.All(name => each.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
    && each.TryGetProperty("specversion", out var version) && version.ValueKind == JsonValueKind.String && version.GetString() == "1.0"
    && each.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object;

byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
