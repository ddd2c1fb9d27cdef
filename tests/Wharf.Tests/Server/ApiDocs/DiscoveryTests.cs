using System.Text.Json;
using Wharf.Tests.Server.Access;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>Quay's own description of its API, and what else the API says of itself.</summary>
public sealed class DiscoveryTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task It_has_the_members_that_Quays_clients_look_for()
    {
        var found = (await registry.Anonymous.ReadAsync("/api/v1/discovery?internal=true")).Is(200).Json;

        Assert.Equal(["swagger", "host", "basePath", "schemes", "info", "securityDefinitions", "paths", "definitions", "tags"], found.EnumerateObject().Select(static p => p.Name));
        Assert.Equal(("2.0", registry.Host, "/", "http"), (found.GetProperty("swagger").GetString(), found.GetProperty("host").GetString(), found.GetProperty("basePath").GetString(), found.GetProperty("schemes").Strings().Single()));
        var path = found.GetProperty("paths").GetProperty("/api/v1/repository/{repository}/permissions/user/{username}");
        Assert.Equal("/api/v1/repository/{repository}/permissions/user/{username}", path.GetProperty("x-path").GetString());
        var put = path.GetProperty("put");
        Assert.Equal("changeUserPermissions", put.GetProperty("operationId").GetString());
        Assert.Equal(["repository path", "username path", "body body"], put.GetProperty("parameters").EnumerateArray().Select(static p => $"{p.GetProperty("name").GetString()} {p.GetProperty("in").GetString()}"));
        Assert.Equal(["200", "400", "401", "403", "404"], put.GetProperty("responses").EnumerateObject().Select(static r => r.Name).Order(StringComparer.Ordinal));
        Assert.Equal("string", found.GetProperty("definitions").GetProperty("NewGrant").GetProperty("properties").GetProperty("role").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Every_reference_in_it_leads_somewhere_and_every_type_is_one()
    {
        var found = (await registry.Anonymous.ReadAsync("/api/v1/discovery?internal=true")).Is(200).Json;
        Walk(found);

        void Walk(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in element.EnumerateArray())
                    Walk(item);
            }
            else if (element.ValueKind == JsonValueKind.Object)
            {
                if (element.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String)
                    Assert.Equal(JsonValueKind.Object, SchemaCheck.Follow(found, element).ValueKind);
                Assert.False(element.TryGetProperty("anyOf", out var choices) && choices.ValueKind == JsonValueKind.Array, element.GetRawText());
                foreach (var member in element.EnumerateObject())
                    Walk(member.Value);
            }
        }
    }

    [Fact]
    public async Task What_Quay_has_for_its_own_pages_is_there_only_when_it_is_asked_for()
    {
        var published = Operations((await registry.Anonymous.ReadAsync("/api/v1/discovery")).Is(200).Json);
        var all = Operations((await registry.Anonymous.ReadAsync("/api/v1/discovery?internal=true")).Is(200).Json);
        var ours = (await Operation.AllAsync()).Where(static o => o.Path.StartsWith("/api/v1/", StringComparison.Ordinal)).Select(static o => o.Nickname).ToHashSet();
        var quays = File.ReadLines(Path.Combine(SourceTree.Root, "tests", "data", "quay-api.tsv")).Skip(1).Select(static l => l.Split('\t')).Where(c => c.Length > 10 && ours.Contains(c[3])).ToList();

        Assert.Equal(ours.Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
        Assert.Equal(
            quays.Where(static c => c[10].Contains("internal_only", StringComparison.Ordinal)).Select(static c => c[3]).Distinct().Order(StringComparer.Ordinal),
            all.Except(published).Where(o => quays.Any(c => c[3] == o)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_capabilities_are_those_of_Quays_answer()
    {
        var answer = (await registry.Anonymous.ReadAsync("/api/v1/registry/capabilities")).Is(200);

        Assert.Equal("""{"sparse_manifests":{"supported":false,"required_architectures":[],"optional_architectures_allowed":false},"mirror_architectures":[]}""", answer.Text);
    }

    [Fact]
    public async Task Search_engines_are_sent_away() =>
        Assert.Equal("User-agent: *\nDisallow: /\n", (await registry.Anonymous.ReadAsync("/robots.txt")).Is(200).Text);

    private static List<string> Operations(JsonElement discovery) =>
    [
        .. from path in discovery.GetProperty("paths").EnumerateObject()
           from method in path.Value.EnumerateObject()
           where method.Value.ValueKind == JsonValueKind.Object
           select method.Value.GetProperty("operationId").GetString()!,
    ];
}
