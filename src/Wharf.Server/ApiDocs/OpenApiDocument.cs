using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Distribution;
using Wharf.Server.QuayApi;

namespace Wharf.Server.ApiDocs;

/// <summary>The description of the API in OpenAPI 3.1, made of what the endpoints declare. It is the same on every registry, and checked in as openapi/wharf.json.</summary>
internal static class OpenApiDocument
{
    private const string About = """
        The API of a Wharf registry: Quay's API under /api/v1, and the OCI distribution API under /v2. The name of an operation under /api/v1 is Quay's for it.

        Repository names have slashes, which stand in paths as they are. Lists come in pages: `next_page` of one answer is the parameter of the next request.
        An error under /api/v1 is a problem of RFC 7807 with Quay's members; one under /v2 has the OCI form. Both have a `request_id`, as every answer has a
        header X-Request-Id; the registry's log knows it. Who sends too much is answered 429 with Retry-After.
        """;

    private static readonly Dictionary<int, (string Name, string Meaning)> s_errors = new()
    {
        [400] = ("BadRequest", "The request is not as it has to be; the detail says what would be right."),
        [401] = ("Unauthorized", "There is no credential, or it is wrong, has ended, or was not shown lately enough."),
        [403] = ("Forbidden", "The caller may not do this."),
        [404] = ("NotFound", "It does not exist, or the caller may not know of it."),
        [409] = ("Conflict", "It does not go together with how things are now; the detail says why."),
        [410] = ("Gone", "It is no longer there, nor will it be."),
        [413] = ("TooLarge", "The body is larger than this operation takes."),
        [429] = ("TooManyRequests", "Too many requests, or too many wrong passwords; Retry-After says when to come back."),
        [503] = ("Unavailable", "The database or the storage does not answer; try again."),
    };

    public static JsonObject Create(IReadOnlyList<ApiOperation> operations, bool hasOAuth)
    {
        var schemas = new SchemaSet("#/components/schemas/");
        var (responses, paths) = (new JsonObject(), new JsonObject());
        foreach (var (status, (name, meaning)) in s_errors)
        {
            responses[name] = Error(meaning, schemas.Add(ProblemJson.Default.Body, true), "application/problem+json", status == 429);
            if (status is not (409 or 410))
                responses["Registry" + name] = Error(meaning, schemas.Add(DistributionJson.Default.OciErrors, true), "application/json", status == 429);
        }
        foreach (var path in operations.GroupBy(static o => o.Path))
        {
            var methods = new JsonObject();
            foreach (var operation in path)
                methods[operation.Method.ToLowerInvariant()] = Describe(operation, schemas, hasOAuth);
            paths[path.Key] = methods;
        }
        var tags = operations.Select(static o => o.Tag).Distinct().Order(StringComparer.Ordinal).Select(static t => (JsonNode)new JsonObject { ["name"] = t, ["description"] = Tags.Meaning(t) });
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Wharf",
                ["version"] = "v1",
                ["summary"] = "A container registry with Quay's API.",
                ["description"] = About,
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The registry that serves this document." }),
            ["tags"] = new JsonArray([.. tags]),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["responses"] = responses, ["securitySchemes"] = Schemes(hasOAuth) },
        };
        document["components"]!["schemas"] = schemas.Finish(document);
        return document;
    }

    private static JsonObject Describe(ApiOperation operation, SchemaSet schemas, bool hasOAuth)
    {
        var described = new JsonObject
        {
            ["operationId"] = operation.Id,
            ["summary"] = operation.About.Summary,
            ["tags"] = new JsonArray(operation.Tag),
        };
        if (operation.About.Details is { } details)
            described["description"] = details;
        if (operation.PathParameters.Count + operation.Query.Count > 0)
            described["parameters"] = new JsonArray([.. operation.PathParameters.Select(PathParameter), .. operation.Query.Select(Query)]);
        if (operation.Body is { } body)
            described["requestBody"] = new JsonObject
            {
                ["required"] = !body.Optional,
                ["content"] = new JsonObject { [body.MediaType] = body.Type is { } type ? new JsonObject { ["schema"] = schemas.Add(type, false) } : new JsonObject() },
            };
        described["responses"] = Responses(operation, schemas);
        described["security"] = Security(operation, hasOAuth);
        if (ScopeNames.Of(operation) is { Length: > 0 } scopes)
            described["x-scope"] = string.Join(' ', scopes);
        if (operation.Requires.Fresh)
            described["x-fresh-login"] = true;
        if (operation.Requires.InPerson)
            described["x-in-person"] = true;
        return described;
    }

    private static JsonNode PathParameter(string name) => new JsonObject
    {
        ["name"] = name,
        ["in"] = "path",
        ["required"] = true,
        ["description"] = ParameterNames.Meaning(name),
        ["schema"] = new JsonObject { ["type"] = ParameterNames.IsNumber(name) ? "integer" : "string" },
    };

    private static JsonNode Query(QueryParameter parameter) => new JsonObject
    {
        ["name"] = parameter.Name,
        ["in"] = "query",
        ["required"] = parameter.Required,
        ["description"] = parameter.Meaning,
        ["schema"] = new JsonObject { ["type"] = parameter.Type },
    };

    private static JsonObject Responses(ApiOperation operation, SchemaSet schemas)
    {
        var responses = new SortedDictionary<int, JsonNode>();
        foreach (var same in operation.Answers.GroupBy(static a => a.Status))
        {
            if (s_errors.ContainsKey(same.Key) && same.All(static a => a.Type is null))
            {
                responses[same.Key] = Reference(operation, same.Key);
                continue;
            }
            var content = new JsonObject();
            foreach (var kind in same.Where(static a => a.MediaType is not null).GroupBy(static a => a.MediaType!))
            {
                List<JsonNode> bodies = [.. kind.Where(static a => a.Type is not null).Select(a => schemas.Add(a.Type!, true))];
                content[kind.Key] = bodies.Count switch
                {
                    0 => new JsonObject(),
                    1 => new JsonObject { ["schema"] = bodies[0] },
                    _ => new JsonObject { ["schema"] = new JsonObject { ["anyOf"] = new JsonArray([.. bodies]) } },
                };
            }
            // A refusal in a shape of its own does not take the place of the gate's.
            if (s_errors.ContainsKey(same.Key))
                content["application/problem+json"] = new JsonObject { ["schema"] = schemas.Add(ProblemJson.Default.Body, true) };
            var answer = new JsonObject { ["description"] = Meaning(same.Key) };
            if (content.Count > 0)
                answer["content"] = content;
            responses[same.Key] = answer;
        }
        foreach (var status in ErrorsOf(operation))
            responses.TryAdd(status, Reference(operation, status));
        return new JsonObject(responses.Select(static r => KeyValuePair.Create(r.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)r.Value)));
    }

    private static IEnumerable<int> ErrorsOf(ApiOperation operation)
    {
        var takesBody = operation.Body is not null;
        if (takesBody || operation.Query.Count + operation.PathParameters.Count > 0 || operation.Method is not "GET")
            yield return 400;
        if (!operation.IsOpen || operation.IsRegistry)
            yield return 401;
        if (operation.Requires.Permission is not (Permission.Open or Permission.Authenticated) || operation.Method is not "GET")
            yield return 403;
        if (operation.PathParameters.Count > 0 || takesBody)
            yield return 404;
        if (takesBody)
            yield return 413;
        yield return 429;
        yield return 503;
    }

    private static JsonObject Reference(ApiOperation operation, int status) => new() { ["$ref"] = $"#/components/responses/{(operation.IsRegistry ? "Registry" : "")}{s_errors[status].Name}" };

    private static JsonObject Error(string meaning, JsonNode schema, string mediaType, bool retry)
    {
        var error = new JsonObject { ["description"] = meaning };
        if (retry)
            error["headers"] = new JsonObject { ["Retry-After"] = new JsonObject { ["description"] = "Seconds to wait.", ["schema"] = new JsonObject { ["type"] = "integer" } } };
        error["content"] = new JsonObject { [mediaType] = new JsonObject { ["schema"] = schema } };
        return error;
    }

    public static string Meaning(int status) => s_errors.TryGetValue(status, out var error) ? error.Meaning : status switch
    {
        201 => "Made.",
        202 => "Taken.",
        204 => "Done.",
        206 => "The ranges that were asked for.",
        302 => "Goes on at another address.",
        304 => "What the caller has is still right.",
        _ => "As asked.",
    };

    private static JsonArray Security(ApiOperation operation, bool hasOAuth)
    {
        var none = new JsonObject();
        if (operation.IsOpen && !operation.IsRegistry)
            return [none];
        if (operation.IsRegistry)
            return operation.Requires.Permission == Permission.Open ? [none, Of("basic")] : [Of("basic"), Of("registryToken")];
        var scopes = ScopeNames.Of(operation);
        List<JsonNode> ways = [Of("session", "csrf"), Of("basic")];
        if (!operation.Requires.InPerson)
        {
            ways.Add(Of("bearer"));
            if (hasOAuth && scopes.Length > 0)
                ways.Add(new JsonObject { ["oauth2"] = new JsonArray([.. scopes.Select(static s => (JsonNode)s)]) });
        }
        if (operation.Requires.Permission == Permission.Anyone)
            ways.Insert(0, none);
        return new JsonArray([.. ways]);

        JsonObject Of(params string[] schemes) => new(schemes.Where(s => s != "csrf" || operation.Method != "GET").Select(static s => KeyValuePair.Create(s, (JsonNode?)new JsonArray())));
    }

    private static JsonObject Schemes(bool hasOAuth)
    {
        var schemes = new JsonObject
        {
            ["basic"] = new JsonObject { ["type"] = "http", ["scheme"] = "basic", ["description"] = "A user with the password, an encrypted password, an app token ($app) or an OAuth token ($oauthtoken), or a robot with its token." },
            ["bearer"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "An app token or a robot's token." },
            ["session"] = new JsonObject { ["type"] = "apiKey", ["in"] = "cookie", ["name"] = "wharf-session", ["description"] = "A browser that has signed in. Its name begins with __Host- over https." },
            ["csrf"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "X-CSRF-Token", ["description"] = "What a browser sends beside its session with each change; GET /csrf_token gives it." },
            ["registryToken"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT", ["description"] = "A token of /v2/auth, for /v2 only." },
        };
        if (hasOAuth)
        {
            var scopes = new JsonObject(ScopeNames.All.Select(static s => KeyValuePair.Create(s.Name, (JsonNode?)s.Meaning)));
            schemes["oauth2"] = new JsonObject
            {
                ["type"] = "oauth2",
                ["description"] = "A token of an application, which acts for a person within its scopes.",
                ["flows"] = new JsonObject
                {
                    ["authorizationCode"] = new JsonObject { ["authorizationUrl"] = "/oauth/authorize", ["tokenUrl"] = "/oauth/access_token", ["scopes"] = scopes },
                    ["implicit"] = new JsonObject { ["authorizationUrl"] = "/oauth/authorize", ["scopes"] = scopes.DeepClone() },
                },
            };
        }
        return schemes;
    }
}
