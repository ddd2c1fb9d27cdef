using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

/// <summary>The script that the documentation shows, as it is; and that what it brought back goes in the end, when nobody wants it any more.</summary>
public sealed class UndoTests(UndoTests.Forgetful registry) : IClassFixture<UndoTests.Forgetful>, IAsyncDisposable
{
    /// <summary>Keeps nothing for long that nobody needs; slow clients still get from a layer to its manifest.</summary>
    public sealed class Forgetful : UserRegistry
    {
        // The test looks into the directory.
        protected override bool AlwaysOnDisk => true;

        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
        {
            ["Lifetimes:Grace"] = "00:00:05",
            ["Lifetimes:Condemned"] = "00:00:00",
            ["GarbageCollection:Every"] = "00:00:01",
            ["GarbageCollection:Duty"] = "100",
        };
    }

    private readonly ClientHome _home = new();

    [Fact]
    public async Task What_was_done_by_mistake_is_undone_and_what_nobody_wants_is_gone_when_its_window_is_over()
    {
        var layout = new ImageLayout(_home.At("layout"));
        var good = layout.AddImage("v1", "what it should be");
        var owner = registry.User;
        _home.Variables["OWNER"] = $"{owner.Name}:{owner.Password}";

        var told = await _home.RunAsync("bash", Path.Combine(SourceTree.Root, "examples", "undo.sh"), registry.Url.ToString().TrimEnd('/'), $"oci:{layout.Folder}:v1");

        Assert.EndsWith("== Done\n", told, StringComparison.Ordinal);
        Assert.Matches($"app:v1\\.at\\.[0-9]{{8}}T[0-9]{{6}}Z is {good}\n", told);
        Assert.Contains("TAG_EXPIRED: Tag v1 was deleted or has expired. To pull, revive via time machine\nPOST /api/v1/repository/undo", told, StringComparison.Ordinal);
        Assert.Contains("{\"added\":1,\"moved\":0,\"removed\":0}\n", told, StringComparison.Ordinal);
        Assert.Contains($"name is {Back(told)}+ci now, pulls by the digest\n{good}\n", told, StringComparison.Ordinal);
        Assert.Equal(["org_restore", "org_delete", "restore_repo", "delete_repo", "rewind_repo", "delete_tag", "revert_tag", "push_repo"],
            told.Split('\n').Select(static l => l[(l.LastIndexOf(' ') + 1)..]).Where(static k => k is "org_restore" or "org_delete" or "restore_repo" or "delete_repo" or "rewind_repo" or "delete_tag" or "revert_tag" or "push_repo").Take(8));

        // With a window of a second, and the organization deleted, nothing keeps the bytes any more.
        var path = $"/api/v1/organization/{Back(told)}";
        var bytes = Stored().Sum(static f => f.Length);
        Assert.True(bytes > 0);
        Assert.Equal(0, Freed(await StatusAsync()));
        (await owner.Client.SendJsonAsync("PUT", path, """{"tag_expiration_s":1}""")).Is(200);
        (await owner.Client.SendAsync("DELETE", path)).Is(204);
        await Poll.UntilAsync(() => Task.FromResult(Stored().Count == 0), TimeSpan.FromSeconds(90));

        // The row of what is gone follows its bytes.
        var status = await Poll.UntilAsync(async () => await StatusAsync() is var now && Freed(now) == bytes ? now : default);
        Assert.Equal((0, 0), (status.GetProperty("reclaimable").GetProperty("condemned_bytes").GetInt64(), status.GetProperty("reclaimable").GetProperty("object_bytes").GetInt64()));
        (await owner.Client.SendAsync("POST", $"{path}/restore", [])).Is(404);
        (await registry.Client.ReadAsync($"/api/v1/superuser/gc/{good}")).Is(404);
        var purged = await Poll.UntilAsync(async () => await KindsAsync() is var kinds && kinds.Contains("purge_namespace") ? kinds : null);
        Assert.Contains("purge_repo", purged!);
        Assert.Contains("org_change_tag_expiration", purged!);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private static string Back(string told) => told[told.IndexOf("another name: ", StringComparison.Ordinal)..].Split('\n')[0]["another name: ".Length..];

    private List<FileInfo> Stored() => [.. new DirectoryInfo(Path.Combine(registry.DataDirectory, "storage")).EnumerateFiles("*", SearchOption.AllDirectories)];

    private async Task<JsonElement> StatusAsync() => (await registry.Client.ReadAsync("/api/v1/superuser/gc")).Is(200).Json;

    private static long Freed(JsonElement status) => status.GetProperty("freed").EnumerateArray().Single(static f => f.GetProperty("since").GetString() == "ever").GetProperty("bytes").GetInt64();

    private async Task<HashSet<string>> KindsAsync() =>
        [.. (await registry.Client.ReadAsync("/api/v1/superuser/logs?changes=true&limit=100")).Is(200).Json.GetProperty("logs").EnumerateArray().Select(static l => l.GetProperty("kind").GetString()!)];
}
