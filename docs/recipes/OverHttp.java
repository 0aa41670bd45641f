import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Creates a meeting over HTTP and prints its join link: {@code java OverHttp.java URL [KEY]}, with Java 17 or later alone.
 *
 * <p>Java has no JSON of its own, and this reads three members of one answer; use your library for more.
 */
public class OverHttp {
    private static final String KEY = "visit-4717";
    private static final String REQUEST = """
            {
              "organizer": "AlexW@contoso.com",
              "reference": "visit-4717",
              "subject": "Video visit",
              "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Europe/Berlin"},
              "end": {"dateTime": "2027-01-20T13:30:00", "timeZone": "Europe/Berlin"},
              "attendees": [{"emailAddress": {"address": "AdeleV@contoso.com"}}]
            }""";

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String functionKey;

    private OverHttp(String functionKey) {
        this.functionKey = functionKey;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            fail("Usage: java OverHttp.java URL [KEY]");
        }
        OverHttp app = new OverHttp(arguments.length > 1 ? arguments[1] : "");
        // The key makes it one meeting, however often this program runs.
        HttpResponse<String> answer = app.send(app.request(arguments[0] + "/meetings")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", KEY)
                .header("Prefer", "wait=30")
                .POST(BodyPublishers.ofString(REQUEST)));
        while (answer.statusCode() == 202) {
            Thread.sleep(1000 * Long.parseLong(answer.headers().firstValue("Retry-After").orElse("2")));
            answer = app.send(app.request(answer.headers().firstValue("Location").orElseThrow()).GET());
        }
        if (!"succeeded".equals(member(answer.body(), "status"))) {
            fail(member(answer.body(), "code") + ": " + member(answer.body(), "remedy"));
        }
        System.out.println(member(answer.body(), "joinUrl"));
    }

    private HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(90)).header("x-functions-key", functionKey);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() >= 400) {
            fail(answer.statusCode() + " " + member(answer.body(), "code") + ": " + member(answer.body(), "detail"));
        }
        return answer;
    }

    /** Returns the text of the first member with this name, an empty one if there is none. */
    private static String member(String json, String name) {
        var found = Pattern.compile("\"" + name + "\": *\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        return found.find() ? found.group(1).replace("\\\"", "\"") : "";
    }

    private static void fail(String message) {
        System.err.println(message);
        System.exit(1);
    }
}
