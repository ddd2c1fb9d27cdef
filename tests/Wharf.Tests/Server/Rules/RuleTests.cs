using Wharf.Oci;

namespace Wharf.Tests.Server.Rules;

/// <summary>
/// Every rule about content through every path that can change it: tests/data/rules/paths.tsv has the status that each path answers under
/// each rule. Whatever is refused has changed nothing, and what is on hold or immutable is still served.
/// </summary>
public sealed class RuleTests(RuleRegistry registry) : IClassFixture<RuleRegistry>
{
    private const string Tag = "v1";

    public static IEnumerable<TheoryDataRow<string, string, string>> Cells()
    {
        var lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "tests", "data", "rules", "paths.tsv"));
        var rules = lines[0].Split('\t')[1..];
        foreach (var cells in lines.Skip(1).Select(static l => l.Split('\t')))
        {
            Assert.Equal(rules.Length, cells.Length - 1);
            for (var i = 0; i < rules.Length; i++)
                yield return new(cells[0], rules[i], cells[i + 1]);
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Each_path_answers_under_each_rule_what_the_table_says(string path, string rule, string expected)
    {
        var world = await MakeAsync();
        var since = (await world.Owner.Client.ReadAsync($"/api/v1/repository/{world.Repository}/tag/?specificTag={Tag}&onlyActiveTags=true")).Is(200).Json.GetProperty("tags")[0].GetProperty("start_ts").GetInt64();
        await ImposeAsync(world, rule);
        var before = await NamedAsync(world);

        var answer = await TakeAsync(world, path, since);

        Assert.Equal(expected, answer);
        if (expected is "stays" or "400" or "403" or "405" or "409")
            Assert.Equal(before, await NamedAsync(world));
        if (rule is "immutable" && path != "delete the repository")
            Assert.Equal(world.Current.Digest.ToString(), await NamedAsync(world));
        if (rule is "tag-hold" or "repository-hold" && path != "delete the repository")
            (await world.Owner.Client.SendJsonAsync("POST", $"/api/v1/repository/{world.Repository}/tag/back/restore", $$"""{"manifest_digest":"{{world.Current.Digest}}"}""")).Is(200);
    }

    [Fact]
    public void Every_kind_of_change_has_a_path() => Assert.Equal(
        Enum.GetNames<Wharf.Server.Content.ChangeKind>().Order(StringComparer.Ordinal),
        new[] { "Upload", "LinkBlob", "PutManifest", "MoveTag", "EndTag", "ExpireTag", "PurgeTag", "DeleteManifest", "DeleteBlob", "Rewind", "Prune" }.Order(StringComparer.Ordinal));

    /// <summary>A repository whose tag v1 named another image before, a second one with a blob to mount, and an image that has no tag.</summary>
    private async Task<World> MakeAsync()
    {
        var owner = await registry.CreateUserAsync();
        var org = "o" + owner.Name;
        (await owner.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}"}""")).Is(201);
        var repository = $"{org}/app";
        var former = await owner.Client.PushImageAsync(repository, Tag);
        var current = await owner.Client.PushImageAsync(repository, Tag);
        var untagged = Image.Random();
        await owner.Client.PushBlobAsync(repository, untagged.Config);
        await owner.Client.PushBlobAsync(repository, untagged.Layer);
        (await owner.Client.PutManifestAsync(repository, untagged.Digest.ToString(), untagged.Manifest)).Is(201);
        var ready = Image.Random();
        await owner.Client.PushBlobAsync(repository, ready.Config);
        await owner.Client.PushBlobAsync(repository, ready.Layer);
        await owner.Client.PushImageAsync($"{org}/zz-later", "gone");
        var foreign = Requests.RandomBytes(2000);
        await owner.Client.PushBlobAsync($"{owner.Name}/own", foreign);
        return new World(owner, org, repository, former, current, untagged, ready, Digest.Of(foreign));
    }

    private async Task ImposeAsync(World world, string rule)
    {
        switch (rule)
        {
            case "none":
                break;
            case "immutable":
                (await world.Owner.Client.SendJsonAsync("PUT", $"/api/v1/repository/{world.Repository}/tag/{Tag}", """{"immutable":true}""")).Is(201);
                break;
            case "full":
                (await registry.Client.SendJsonAsync("POST", $"/api/v1/organization/{world.Organization}/quota", """{"limit_bytes":1,"limits":[{"type":"Reject","threshold_percent":100}]}""")).Is(201);
                break;
            case "tag-hold":
                (await world.Owner.Client.SendJsonAsync("POST", $"/api/v1/organization/{world.Organization}/hold", $$"""{"kind":"tag","repository":"{{world.Repository.Split('/')[1]}}","tag":"{{Tag}}","reason":"a case"}""")).Is(201);
                break;
            case "repository-hold":
                (await world.Owner.Client.SendJsonAsync("POST", $"/api/v1/organization/{world.Organization}/hold", $$"""{"kind":"repository","repository":"{{world.Repository.Split('/')[1]}}","reason":"a case"}""")).Is(201);
                break;
            case "read-only":
                (await world.Owner.Client.SendJsonAsync("PUT", $"/api/v1/repository/{world.Repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);
                break;
            default:
                throw new ArgumentException($"There is no rule {rule}.");
        }
    }

    private static async Task<string> TakeAsync(World w, string path, long since)
    {
        var (client, v2, api) = (w.Owner.Client, $"/v2/{w.Repository}", $"/api/v1/repository/{w.Repository}");
        switch (path)
        {
            case "prune":
                return await PruneAsync(w);
            case "API: rewind":
                // To before there was anything: the tag would end.
                return Status(await client.SendJsonAsync("POST", $"{api}/timemachine/restore", $$"""{"as_of":"{{DateTimeOffset.FromUnixTimeSeconds(since - 5):yyyy-MM-ddTHH:mm:ssZ}}"}"""));
        }
        var blob = Requests.RandomBytes(1500);
        return Status(path switch
        {
            "push other by tag" => await client.PutManifestAsync(w.Repository, Tag, w.Ready.Manifest),
            "push same by tag" => await client.PutManifestAsync(w.Repository, Tag, w.Current.Manifest),
            "push other by digest with tag" => await client.SendAsync("PUT", $"{v2}/manifests/{w.Ready.Digest}?tag={Tag}", w.Ready.Manifest, ("Content-Type", MediaTypes.OciManifest)),
            "push untagged" => await client.PutManifestAsync(w.Repository, w.Ready.Digest.ToString(), w.Ready.Manifest),
            "retag by push of what is here" => await client.PutManifestAsync(w.Repository, Tag, w.Untagged.Manifest),
            "upload a blob" => await client.SendAsync("POST", $"{v2}/blobs/uploads/?digest={Digest.Of(blob)}", blob),
            "mount a blob" => await client.SendAsync("POST", $"{v2}/blobs/uploads/?mount={w.Foreign}&from={w.Owner.Name}/own"),
            "delete the tag" => await client.SendAsync("DELETE", $"{v2}/manifests/{Tag}"),
            "delete the manifest" => await client.SendAsync("DELETE", $"{v2}/manifests/{w.Current.Digest}"),
            "delete a blob of it" => await client.SendAsync("DELETE", $"{v2}/blobs/{w.Current.LayerDigest}"),
            "API: delete the tag" => await client.SendAsync("DELETE", $"{api}/tag/{Tag}"),
            "API: point at other" => await client.SendJsonAsync("PUT", $"{api}/tag/{Tag}", $$"""{"manifest_digest":"{{w.Untagged.Digest}}"}"""),
            "API: point at same" => await client.SendJsonAsync("PUT", $"{api}/tag/{Tag}", $$"""{"manifest_digest":"{{w.Current.Digest}}"}"""),
            "API: restore former" => await client.SendJsonAsync("POST", $"{api}/tag/{Tag}/restore", $$"""{"manifest_digest":"{{w.Former.Digest}}"}"""),
            "API: set expiration" => await client.SendJsonAsync("PUT", $"{api}/tag/{Tag}", $$"""{"expiration":{{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 86400}}}"""),
            "API: purge live" => await client.SendJsonAsync("POST", $"{api}/tag/{Tag}/expire", """{"is_alive":true}"""),
            "API: purge former" => await client.SendJsonAsync("POST", $"{api}/tag/{Tag}/expire", $$"""{"manifest_digest":"{{w.Former.Digest}}"}"""),
            "API: add a label" => await client.SendJsonAsync("POST", $"{api}/manifest/{w.Current.Digest}/labels", """{"key":"a","value":"b","media_type":"text/plain"}"""),
            "delete the repository" => await client.SendAsync("DELETE", api),
            _ => throw new ArgumentException($"There is no path {path}."),
        });
    }

    // Another repository of the same organization shows when the policy has been applied: the one in question comes first.
    private static async Task<string> PruneAsync(World w)
    {
        var client = w.Owner.Client;
        var later = $"{w.Organization}/zz-later";
        (await client.SendJsonAsync("POST", $"/api/v1/organization/{w.Organization}/autoprunepolicy/", """{"method":"creation_date","value":"1s"}""")).Is(201);
        await Poll.UntilAsync(async () => (await client.ReadAsync($"/v2/{later}/manifests/gone", ("Accept", MediaTypes.OciManifest))).Status == System.Net.HttpStatusCode.NotFound);
        return await NamedAsync(w) is null ? "gone" : "stays";
    }

    private static async Task<string?> NamedAsync(World w)
    {
        var answer = await w.Owner.Client.ReadAsync($"/v2/{w.Repository}/manifests/{Tag}", ("Accept", MediaTypes.OciManifest));
        return answer.Status == System.Net.HttpStatusCode.OK ? answer.Header("Docker-Content-Digest") : null;
    }

    private static string Status(Answer answer) => ((int)answer.Status).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private sealed record World(Account Owner, string Organization, string Repository, Image Former, Image Current, Image Untagged, Image Ready, Digest Foreign);
}
