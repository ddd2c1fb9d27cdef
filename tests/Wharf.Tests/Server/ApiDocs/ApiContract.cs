using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>
/// Holds what the server really answers to the tests' HTTP client against openapi/wharf.json: the status must be described, the body must
/// have its schema and nothing beside it, and an operation that describes no body must not have needed one.
/// </summary>
internal static class ApiContract
{
    private static readonly Lazy<Described?> s_described = new(Load);

    public static void Check(string method, string target, Answer answer)
    {
        var path = target.Split('?')[0];
        // Kestrel itself refuses what is no HTTP.
        if (answer.Header("X-Request-Id") is null)
            return;
        // Without the file there is nothing to hold against; a test of its own says so.
        if (!path.StartsWith("/api/v1/", StringComparison.Ordinal) || s_described.Value is not { } described || described.Find(method, path) is not { } operation)
            return;
        var status = ((int)answer.Status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var what = $"{method} {path} ({operation.GetProperty("operationId").GetString()}) answered {status}";
        if (!operation.GetProperty("responses").TryGetProperty(status, out var response))
        {
            // A request for another host (421) has reached no operation.
            Assert.True(status[0] is '5' || status == "421", $"{what}, which openapi/wharf.json does not describe: {answer.Text}");
            return;
        }
        response = described.Follow(response);
        if (!response.TryGetProperty("content", out var content))
        {
            Assert.True(answer.Body.Length == 0 || method == "HEAD", $"{what} with a body, which openapi/wharf.json does not describe: {answer.Text}");
            return;
        }
        var mediaType = answer.ContentHeaders.ContentType?.MediaType ?? "";
        if (!content.TryGetProperty(mediaType, out var media) && !content.TryGetProperty("*/*", out media))
            Assert.Fail($"{what} as '{mediaType}', which openapi/wharf.json does not describe.");
        if (media.TryGetProperty("schema", out var schema) && new SchemaCheck(described.Root).Problem(schema, answer.Json) is { } problem)
            Assert.Fail($"{what}, which does not have its schema in openapi/wharf.json: {problem}\n{answer.Text}");
    }

    private static Described? Load()
    {
        var file = Path.Combine(SourceTree.Root, "openapi", "wharf.json");
        return File.Exists(file) ? new Described(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement) : null;
    }

    private sealed class Described
    {
        private readonly List<(Regex Path, int Parameters, JsonElement Methods)> _paths;

        public Described(JsonElement root)
        {
            Root = root;
            _paths = [.. root.GetProperty("paths").EnumerateObject().Select(p => (Pattern(p.Name), p.Name.Count(c => c == '{'), p.Value)).OrderBy(static p => p.Item2)];
        }

        public JsonElement Root { get; }

        public JsonElement? Find(string method, string path)
        {
            // The path with the fewest parameters, and of them the one that says most, as the server's own routing.
            var found = _paths.Where(p => p.Path.IsMatch(path)).OrderBy(static p => p.Parameters).ThenByDescending(static p => p.Path.ToString().Length).ToList();
            if (path.StartsWith("/api/v1/repository/", StringComparison.Ordinal))
                found = [.. found.OrderByDescending(static p => p.Path.ToString().Count(static c => c == '/'))];
            return found.Count > 0 && found[0].Methods.TryGetProperty(method.ToLowerInvariant(), out var operation) ? operation : null;
        }

        public JsonElement Follow(JsonElement element) => SchemaCheck.Follow(Root, element);

        private static Regex Pattern(string path)
        {
            var pattern = Regex.Escape(path).Replace("\\{", "{", StringComparison.Ordinal).TrimEnd('/');
            pattern = pattern.Replace("{repository}", ".+", StringComparison.Ordinal);
            return new Regex("^" + Regex.Replace(pattern, @"\{[^}]*\}", "[^/]+") + "/?$", RegexOptions.None, TimeSpan.FromSeconds(1));
        }
    }
}
