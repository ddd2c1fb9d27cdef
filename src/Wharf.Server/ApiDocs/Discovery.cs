using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.QuayApi;

namespace Wharf.Server.ApiDocs;

/// <summary>What Quay's operation "discovery" answers: the API under /api/v1 in Swagger 2.0, with the members that Quay's clients look for. OpenAPI has more of it.</summary>
internal sealed class Discovery
{
    // Stand in the text for what depends on how the caller reached the registry.
    private const string Host = "\u0001host", Scheme = "\u0001scheme";
    private static readonly string s_host = JsonSerializer.Serialize(Host), s_scheme = JsonSerializer.Serialize(Scheme);
    private readonly string _text;

    public Discovery(IReadOnlyList<ApiOperation> operations, bool hasOAuth, bool withInternal)
    {
        var schemas = new SchemaSet("#/definitions/");
        var shown = operations.Where(o => !o.IsRegistry && o.Path.StartsWith("/api/v1/", StringComparison.Ordinal) && (withInternal || !o.IsInternal)).ToList();
        var paths = new JsonObject();
        foreach (var path in shown.GroupBy(static o => o.Path).OrderBy(static p => p.First().Tag, StringComparer.Ordinal))
        {
            var first = path.First();
            var described = new JsonObject { ["x-name"] = $"{first.Tag}.{first.Id}", ["x-path"] = path.Key, ["x-tag"] = first.Tag };
            if (first.PathParameters.Count > 0)
                described["parameters"] = new JsonArray([.. first.PathParameters.Select(PathParameter)]);
            foreach (var operation in path)
                described[operation.Method.ToLowerInvariant()] = Describe(operation, schemas, hasOAuth, withInternal);
            paths[path.Key] = described;
        }
        var document = new JsonObject
        {
            ["swagger"] = "2.0",
            ["host"] = Host,
            ["basePath"] = "/",
            ["schemes"] = new JsonArray(Scheme),
            ["info"] = new JsonObject { ["version"] = "v1", ["title"] = "Wharf", ["description"] = "Quay's API as this registry has it. /api/v1/openapi.json describes all of it in OpenAPI 3.1." },
            ["securityDefinitions"] = Definitions(hasOAuth),
            ["paths"] = paths,
        };
        document["definitions"] = schemas.Finish(document);
        document["tags"] = new JsonArray([.. shown.Select(static o => o.Tag).Distinct().Order(StringComparer.Ordinal).Select(static t => (JsonNode)new JsonObject { ["name"] = t, ["description"] = Tags.Meaning(t) })]);
        Plain(document);
        _text = document.ToJsonString();
    }

    /// <param name="baseUrl">How the caller knows this registry: scheme and authority.</param>
    public string For(string baseUrl)
    {
        var (scheme, host) = baseUrl.Split("://", 2) is [var s, var h] ? (s, h) : throw new ArgumentException("It has no scheme.", nameof(baseUrl));
        return _text.Replace(s_host, JsonSerializer.Serialize(host), StringComparison.Ordinal)
            .Replace(s_scheme, JsonSerializer.Serialize(scheme), StringComparison.Ordinal)
            .Replace(JsonEncodedText.Encode(Scheme + "://" + Host).ToString(), JsonEncodedText.Encode(baseUrl).ToString(), StringComparison.Ordinal);
    }

    private static JsonObject Describe(ApiOperation operation, SchemaSet schemas, bool hasOAuth, bool withInternal)
    {
        var parameters = new JsonArray([.. operation.PathParameters.Select(PathParameter), .. operation.Query.Select(static q => Parameter(q.Name, q.Meaning, "query", q.Type, q.Required))]);
        if (operation.Body is { Type: { } body })
            parameters.Add(new JsonObject { ["name"] = "body", ["in"] = "body", ["required"] = !operation.Body.Optional, ["description"] = "The body.", ["schema"] = schemas.Add(body, false) });
        var described = new JsonObject
        {
            ["operationId"] = operation.Id,
            ["parameters"] = parameters,
            ["description"] = operation.About.Details is { } details ? $"{operation.About.Summary}\n\n{details}" : operation.About.Summary,
            ["tags"] = new JsonArray(operation.Tag),
        };
        if (operation.IsInternal)
            described["x-internal"] = true;
        if (withInternal && operation.Requires.Fresh)
            described["x-requires-fresh-login"] = true;
        if (hasOAuth && ScopeNames.Of(operation) is { Length: > 0 } scopes)
            described["security"] = new JsonArray(new JsonObject { ["oauth2_implicit"] = new JsonArray([.. scopes.Select(static s => (JsonNode)s)]) });
        var responses = new JsonObject();
        foreach (var status in new[] { 400, 401, 403, 404 })
            responses[status.ToString(CultureInfo.InvariantCulture)] = new JsonObject { ["description"] = OpenApiDocument.Meaning(status), ["schema"] = schemas.Add(ProblemJson.Default.Body, true) };
        foreach (var answer in operation.Answers)
        {
            var response = new JsonObject { ["description"] = OpenApiDocument.Meaning(answer.Status) };
            if (answer.Type is { } type)
                response["schema"] = schemas.Add(type, true);
            if (answer.Status < 400)
                responses[answer.Status.ToString(CultureInfo.InvariantCulture)] = response;
        }
        described["responses"] = responses;
        return described;
    }

    private static JsonNode PathParameter(string name) => Parameter(name, ParameterNames.Meaning(name), "path", "string", true);

    private static JsonObject Parameter(string name, string meaning, string place, string type, bool required) =>
        new JsonObject { ["name"] = name, ["in"] = place, ["required"] = required, ["description"] = meaning, ["type"] = type };

    private static JsonObject Definitions(bool hasOAuth)
    {
        var definitions = new JsonObject { ["basic"] = new JsonObject { ["type"] = "basic" } };
        if (hasOAuth)
            definitions["oauth2_implicit"] = new JsonObject
            {
                ["type"] = "oauth2",
                ["flow"] = "implicit",
                ["authorizationUrl"] = $"{Scheme}://{Host}/oauth/authorize",
                ["scopes"] = new JsonObject(ScopeNames.All.Select(static s => KeyValuePair.Create(s.Name, (JsonNode?)s.Meaning))),
            };
        return definitions;
    }

    // Swagger 2.0 knows neither several types nor anyOf.
    private static void Plain(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
                Plain(item);
            return;
        }
        if (node is not JsonObject one)
            return;
        if (one["anyOf"] is JsonArray { Count: > 0 } choices && choices[0] is JsonObject { } chosen)
        {
            one.Remove("anyOf");
            foreach (var (name, value) in chosen.ToList())
            {
                chosen.Remove(name);
                one[name] = value;
            }
        }
        if (one["type"] is JsonArray types)
        {
            one["type"] = types.Select(static t => (string?)t).First(static t => t != "null");
            one["x-nullable"] = true;
        }
        foreach (var (name, member) in one.ToList())
        {
            if (member is JsonValue value && value.TryGetValue<bool>(out var always) && always && name is not ("required" or "x-internal" or "x-requires-fresh-login" or "x-nullable"))
                one[name] = new JsonObject();
            else
                Plain(member);
        }
    }
}
