using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Wharf.Oci;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Tags;

namespace Wharf.Tests.Server.Holds;

/// <summary>Legal holds by HTTP and at the command line, where what nothing needs goes within seconds.</summary>
public sealed partial class HoldTests(HoldRegistry registry) : IClassFixture<HoldRegistry>
{
    private readonly HttpClient _owner = registry.UserClient;

    [Fact]
    public async Task What_a_repository_on_hold_has_stays_until_somebody_else_lifts_it()
    {
        var (org, other) = await OrganizationAsync();
        var image = await _owner.PushImageAsync($"{org}/app", "v1");
        var fate = await _owner.PushImageAsync($"{org}/free", "v1");
        var id = await SetAsync(org, """{"kind":"repository","repository":"app","reason":"Smith v. Acme","case_reference":"2026-17"}""");
        foreach (var repository in (string[])["app", "free"])
            (await _owner.SendAsync("DELETE", $"/v2/{org}/{repository}/manifests/v1")).Is(202);

        await GoneAsync($"{org}/free", fate.Digest);
        await GoneAsync($"{org}/free", fate.LayerDigest);

        var why = (await _owner.ReadAsync($"/api/v1/repository/{org}/app/gc/{image.Digest}")).Is(200).Json.GetProperty("repositories")[0];
        Assert.Equal("held", why.GetProperty("state").GetString());
        Assert.Contains($"legal hold {id}", why.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Smith", (await _owner.ReadAsync($"/api/v1/repository/{org}/app/gc/{image.LayerDigest}")).Is(200).Text, StringComparison.Ordinal);
        (await _owner.ReadAsync($"/v2/{org}/app/manifests/{image.Digest}")).Is(200);
        (await _owner.ReadAsync($"/v2/{org}/app/blobs/{image.LayerDigest}")).Is(200);
        (await _owner.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{id}")).Is(403);

        (await other.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{id}")).Is(204);

        await GoneAsync($"{org}/app", image.Digest);
        await GoneAsync($"{org}/app", image.LayerDigest);
        (await other.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{id}")).Is(404);
        var told = (await _owner.ReadAsync($"/api/v1/organization/{org}/logs")).Is(200).Text;
        Assert.Contains("set_hold", told, StringComparison.Ordinal);
        Assert.Contains("lift_hold", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Smith", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tag_on_hold_keeps_all_that_it_has_named_and_is_not_purged()
    {
        var (org, _) = await OrganizationAsync();
        var repository = $"{org}/app";
        var (first, second, free) = (await _owner.PushImageAsync(repository, "v1"), await _owner.PushImageAsync(repository, "v1"), await _owner.PushImageAsync(repository, "free"));
        var id = await SetAsync(org, """{"kind":"tag","repository":"app","tag":"v1","reason":"Smith v. Acme"}""");

        (await _owner.SendAsync("DELETE", $"/v2/{repository}/manifests/free")).Is(202);
        await GoneAsync(repository, free.Digest);

        var refused = await _owner.SendAsync("DELETE", $"/api/v1/repository/{repository}/tag/v1?skipRecoveryPeriod=true");
        refused.Is(409);
        Assert.Contains(id, refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Smith", refused.Text, StringComparison.Ordinal);
        (await _owner.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", $$"""{"manifest_digest":"{{first.Digest}}"}""")).Is(409);
        // What can be undone may be done.
        (await _owner.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        (await _owner.SendAsync("DELETE", $"/v2/{repository}/manifests/{second.Digest}")).Is(202);
        var again = await _owner.PushImageAsync(repository, "free");
        (await _owner.SendAsync("DELETE", $"/v2/{repository}/manifests/free")).Is(202);
        await GoneAsync(repository, again.Digest);
        foreach (var image in (Image[])[first, second])
            Assert.Equal(["legal hold"], (await _owner.ReadAsync($"/api/v1/repository/{repository}/gc/{image.Digest}")).Is(200).Json.GetProperty("repositories")[0].GetProperty("held_by").EnumerateArray()
                .Where(static h => !h.TryGetProperty("until_ms", out var until) || until.ValueKind == System.Text.Json.JsonValueKind.Null).Select(static h => h.GetProperty("what").GetString()));
    }

    [Theory]
    [InlineData("""{"kind":"tag","repository":"app","tag":"v1","reason":"x"}""", "v1")]
    [InlineData("""{"kind":"repository","repository":"app","reason":"x"}""", "v1 v2")]
    [InlineData("""{"kind":"organization","reason":"x"}""", "v1 v2")]
    [InlineData("""{"kind":"repository","repository":"other","reason":"x"}""", "")]
    public async Task The_list_of_tags_tells_who_may_push_which_are_on_hold(string hold, string held)
    {
        var (org, other) = await OrganizationAsync();
        var (reader, writer) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        foreach (var (repository, tag) in new[] { ("app", "v1"), ("app", "v2"), ("other", "v1") })
            await _owner.PushImageAsync($"{org}/{repository}", tag);
        await _owner.GrantAsync($"{org}/app", reader.Name, "read");
        await _owner.GrantAsync($"{org}/app", writer.Name, "write");
        Assert.Equal("", await HeldAsync(writer.Client));

        var id = await SetAsync(org, hold);

        Assert.Equal(held, await HeldAsync(writer.Client));
        Assert.Equal("untold untold", await HeldAsync(reader.Client));
        Assert.DoesNotContain("held", (await writer.Client.ReadAsync($"/api/v1/repository/{org}/app/tag")).Is(200).Text, StringComparison.Ordinal);
        (await other.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{id}")).Is(204);
        Assert.Equal("", await HeldAsync(writer.Client));

        async Task<string> HeldAsync(HttpClient client) => string.Join(' ', (await client.TagsAsync($"{org}/app", "?details=true&onlyActiveTags=true")).OrderBy(TagApi.Name, StringComparer.Ordinal)
            .Select(static t => !t.GetProperty("details").TryGetProperty("held", out var h) ? "untold" : h.GetBoolean() ? TagApi.Name(t) : null).OfType<string>());
    }

    [Fact]
    public async Task What_is_deleted_with_something_on_hold_in_it_is_not_purged()
    {
        var (org, other) = await OrganizationAsync();
        var (held, free) = (await _owner.PushImageAsync($"{org}/held", "v1"), await _owner.PushImageAsync($"{org}/free", "v1"));
        var id = await SetAsync(org, """{"kind":"tag","repository":"held","tag":"v1","reason":"Smith v. Acme"}""");
        foreach (var repository in (string[])["held", "free"])
            (await _owner.SendAsync("DELETE", $"/api/v1/repository/{org}/{repository}")).Is(204);

        await NowhereAsync(free.Digest);
        Assert.NotEqual(404, (int)(await registry.Client.ReadAsync($"/api/v1/superuser/gc/{held.Digest}")).Status);

        (await other.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{id}")).Is(204);
        await NowhereAsync(held.Digest);
    }

    [Fact]
    public async Task A_deleted_organization_on_hold_is_not_purged()
    {
        var ((org, _), (free, _)) = (await OrganizationAsync(), await OrganizationAsync());
        var (image, fate) = (await _owner.PushImageAsync($"{org}/app", "v1"), await _owner.PushImageAsync($"{free}/app", "v1"));
        var id = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", $$"""{"kind":"organization","namespace":"{{org}}","reason":"Smith v. Acme"}""")).Is(201).Json.GetProperty("id").GetString();
        foreach (var name in (string[])[org, free])
            (await _owner.SendAsync("DELETE", $"/api/v1/organization/{name}")).Is(204);

        await NowhereAsync(fate.Digest);
        Assert.NotEqual(404, (int)(await registry.Client.ReadAsync($"/api/v1/superuser/gc/{image.Digest}")).Status);

        (await registry.Other.SendAsync("DELETE", $"/api/v1/superuser/hold/{id}")).Is(204);
        await NowhereAsync(image.Digest);
    }

    [Fact]
    public async Task An_organization_sees_that_superusers_hold_something_but_not_why_and_does_not_lift_it()
    {
        var (org, other) = await OrganizationAsync();
        await _owner.PushImageAsync($"{org}/app", "v1");
        var made = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", $$"""{"kind":"repository","namespace":"{{org}}","repository":"app","reason":"Smith v. Acme","case_reference":"2026-17"}""")).Is(201);
        var own = (await _owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/hold", """{"kind":"organization","reason":"A merger"}""")).Is(201);
        var id = made.Json.GetProperty("id").GetString()!;
        Shows(made, org, """{"id":"*","kind":"repository","level":"registry","namespace":"{org}","repository":"app","tag":null,"from":null,"to":null,"reason":"Smith v. Acme","case_reference":"2026-17","set_by":"admin","set":"*","lifted_by":null,"lifted":null}""");

        Shows((await _owner.ReadAsync($"/api/v1/organization/{org}/hold")).Is(200), org, """
            {"holds":[
              {"id":"*","kind":"repository","level":"registry","namespace":"{org}","repository":"app","tag":null,"from":null,"to":null,"reason":null,"case_reference":null,"set_by":null,"set":"*","lifted_by":null,"lifted":null},
              {"id":"*","kind":"organization","level":"organization","namespace":"{org}","repository":null,"tag":null,"from":null,"to":null,"reason":"A merger","case_reference":null,"set_by":"{me}","set":"*","lifted_by":null,"lifted":null}],
             "next_page":null}
            """);
        Shows((await _owner.ReadAsync($"/api/v1/organization/{org}/hold/{id}")).Is(200), org, """
            {"id":"*","kind":"repository","level":"registry","namespace":"{org}","repository":"app","tag":null,"from":null,"to":null,"reason":null,"case_reference":null,"set_by":null,"set":"*","lifted_by":null,"lifted":null}
            """);
        Assert.Equal("Smith v. Acme", (await registry.Other.ReadAsync($"/api/v1/superuser/hold/{id}")).Is(200).Json.GetProperty("reason").GetString());
        (await other.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{id}")).Is(403);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/hold/{id}")).Is(403);
        // Another organization knows nothing of it.
        var (elsewhere, _) = await OrganizationAsync();
        (await _owner.ReadAsync($"/api/v1/organization/{elsewhere}/hold/{id}")).Is(404);
        (await _owner.SendAsync("DELETE", $"/api/v1/organization/{elsewhere}/hold/{own.Json.GetProperty("id").GetString()}")).Is(404);

        (await registry.Other.SendAsync("DELETE", $"/api/v1/superuser/hold/{id}")).Is(204);

        Assert.Single((await _owner.ReadAsync($"/api/v1/organization/{org}/hold")).Is(200).Json.GetProperty("holds").EnumerateArray());
        Assert.Equal("counsel", (await registry.Client.ReadAsync("/api/v1/superuser/hold?lifted=true")).Is(200).Json.GetProperty("holds").EnumerateArray().Single(h => h.GetProperty("id").GetString() == id).GetProperty("lifted_by").GetString());
    }

    [Fact]
    public async Task A_person_on_hold_is_neither_deleted_nor_erased()
    {
        var person = await registry.CreateUserAsync();
        var id = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", $$"""{"kind":"person","namespace":"{{person.Name}}","reason":"Smith v. Acme"}""")).Is(201).Json.GetProperty("id").GetString()!;

        Assert.Contains(id, (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{person.Name}")).Is(400).Text, StringComparison.Ordinal);
        (await person.Client.SendAsync("DELETE", "/api/v1/user/")).Is(400);
        var refused = await RunAsync("audit", "erase", person.Name);
        Assert.Equal(1, refused.Code);
        Assert.Contains(id, refused.Errors, StringComparison.Ordinal);

        (await registry.Other.SendAsync("DELETE", $"/api/v1/superuser/hold/{id}")).Is(204);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{person.Name}")).Is(204);
    }

    [Fact]
    public async Task The_operator_sets_lists_and_lifts_holds_but_not_their_own()
    {
        var (org, _) = await OrganizationAsync();
        await _owner.PushImageAsync($"{org}/app", "v1");

        var set = await RunAsync("hold", "set", $"{org}/app:v1", "--reason", "Smith v. Acme", "--case", "2026-17");

        Assert.Equal(0, set.Code);
        var id = Hex().Match(set.Output).Value;
        Assert.Contains($"{id}  tag {org}/app:v1, set", (await RunAsync("hold", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("hold", "lift", id)).Code);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/hold/{id}")).Is(204);
        Assert.Contains("lifted", (await RunAsync("hold", "list", "--lifted")).Output, StringComparison.Ordinal);
        var others = await SetAsync(org, """{"kind":"organization","reason":"A merger"}""");
        Assert.Equal(0, (await RunAsync("hold", "lift", others)).Code);
        foreach (var wrong in (string[])["a b", $"{org}/app:v9", "audit:2026-01-02..2026-01-01", "audit:x", "person:nobody1", $"{org}/none", "UPPER"])
            Assert.Equal(1, (await RunAsync("hold", "set", wrong, "--reason", "x")).Code);
    }

    [Fact]
    public async Task A_time_of_the_audit_trail_on_hold_is_not_erased_from()
    {
        var person = await registry.CreateUserAsync();
        await person.Client.ReadAsync("/api/v1/user/");
        var id = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", """{"kind":"audit","from":"2020-01-01T00:00:00Z","to":"2020-02-01T00:00:00Z","reason":"Smith v. Acme"}""")).Is(201).Json.GetProperty("id").GetString()!;

        var refused = await RunAsync("audit", "erase", person.Name);

        Assert.Contains(id, refused.Errors, StringComparison.Ordinal);
        (await registry.Other.SendAsync("DELETE", $"/api/v1/superuser/hold/{id}")).Is(204);
        Assert.Equal(0, (await RunAsync("audit", "erase", person.Name)).Code);
    }

    [Theory]
    [InlineData("""{"kind":"organization"}""")]
    [InlineData("""{"kind":"organization","reason":""}""")]
    [InlineData("""{"kind":"organization","reason":"a\u0000b"}""")]
    [InlineData("""{"kind":"organization","reason":"x","case_reference":"a\nb"}""")]
    [InlineData("""{"kind":"organization","reason":"x","repository":"app"}""")]
    [InlineData("""{"kind":"repository","reason":"x"}""")]
    [InlineData("""{"kind":"repository","reason":"x","repository":"../etc"}""")]
    [InlineData("""{"kind":"repository","reason":"x","repository":"app","tag":"v1"}""")]
    [InlineData("""{"kind":"tag","reason":"x","repository":"app"}""")]
    [InlineData("""{"kind":"tag","reason":"x","repository":"app","tag":"a b"}""")]
    [InlineData("""{"kind":"person","reason":"x"}""")]
    [InlineData("""{"kind":"audit","reason":"x"}""")]
    [InlineData("""{"kind":1,"reason":"x"}""")]
    public async Task What_is_no_hold_of_an_organization_is_refused(string hold)
    {
        var (org, _) = await OrganizationAsync();

        (await _owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/hold", hold)).Is(400);
        Assert.Empty((await _owner.ReadAsync($"/api/v1/organization/{org}/hold")).Is(200).Json.GetProperty("holds").EnumerateArray());
    }

    [Fact]
    public async Task A_hold_on_nothing_is_not_found()
    {
        var (org, _) = await OrganizationAsync();
        await _owner.PushImageAsync($"{org}/app", "v1");

        foreach (var hold in (string[])["""{"kind":"repository","reason":"x","repository":"none"}""", """{"kind":"tag","reason":"x","repository":"app","tag":"none"}"""])
            (await _owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/hold", hold)).Is(404);
        foreach (var hold in (string[])["""{"kind":"person","reason":"x","namespace":"nobody1"}""", $$"""{"kind":"person","reason":"x","namespace":"{{org}}"}""", $$"""{"kind":"organization","reason":"x","namespace":"{{registry.User.Name}}"}"""])
            (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", hold)).Is(404);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", """{"kind":"audit","reason":"x","from":"yesterday","to":"2026-01-01T00:00:00Z"}""")).Is(400);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", """{"kind":"audit","reason":"x","from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}""")).Is(400);
        foreach (var path in (string[])["/api/v1/superuser/hold", $"/api/v1/organization/{org}/hold"])
        {
            (await registry.Client.ReadAsync($"/api/v1/superuser/hold/{new string('0', 32)}")).Is(404);
            (await registry.Client.ReadAsync("/api/v1/superuser/hold/x")).Is(404);
            (await registry.Client.ReadAsync("/api/v1/superuser/hold?next_page=x")).Is(400);
            (await _owner.SendAsync("DELETE", $"/api/v1/organization/{org}/hold/{new string('0', 32)}")).Is(404);
        }
    }

    // An organization that keeps nothing that is deleted, and another admin of it.
    private async Task<(string Name, HttpClient Other)> OrganizationAsync()
    {
        var org = await _owner.CreateOrganizationAsync();
        (await _owner.SendJsonAsync("PUT", $"/api/v1/organization/{org}", """{"tag_expiration_s":0}""")).Is(200);
        var other = await registry.CreateUserAsync();
        (await _owner.SendAsync("PUT", $"/api/v1/organization/{org}/team/owners/members/{other.Name}")).Is(200);
        return (org, other.Client);
    }

    private async Task<string> SetAsync(string org, string hold) => (await _owner.SendJsonAsync("POST", $"/api/v1/organization/{org}/hold", hold)).Is(201).Json.GetProperty("id").GetString()!;

    private Task<bool> GoneAsync(string repository, Digest digest) => Poll.UntilAsync(async () => (int)(await _owner.ReadAsync($"/api/v1/repository/{repository}/gc/{digest}")).Status == 404, TimeSpan.FromSeconds(60));

    private Task<bool> NowhereAsync(Digest digest) => Poll.UntilAsync(async () => (int)(await registry.Client.ReadAsync($"/api/v1/superuser/gc/{digest}")).Status == 404, TimeSpan.FromSeconds(60));

    private Task<Finished> RunAsync(params string[] arguments) => RunningWharf.RunAsync([.. arguments, "--data", registry.DataDirectory], Path.GetTempPath());

    private void Shows(Answer answer, string org, string expected)
    {
        var text = Hex().Replace(Date().Replace(answer.Text.Replace(org, "{org}", StringComparison.Ordinal).Replace(registry.User.Name, "{me}", StringComparison.Ordinal), "\"*\""), "*");
        Assert.Equal(Ordered(expected), Ordered(text));
    }

    // A list is in the order in which the holds were set; those of one millisecond are in none.
    private static string Ordered(string json)
    {
        var node = JsonNode.Parse(json)!;
        if (node["holds"] is JsonArray holds)
            node["holds"] = new JsonArray([.. holds.Select(static h => h!.ToJsonString()).Order(StringComparer.Ordinal).Select(static h => JsonNode.Parse(h))]);
        return node.ToJsonString();
    }

    [GeneratedRegex("[0-9a-f]{32}", RegexOptions.None, 1000)]
    private static partial Regex Hex();

    [GeneratedRegex("\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\"", RegexOptions.None, 1000)]
    private static partial Regex Date();
}
