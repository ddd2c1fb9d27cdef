using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Security;

/// <summary>A registry that scans what is pushed.</summary>
public sealed class ScanningRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Security:Enabled"] = "true" };

    /// <summary>Bytes resident when it had just started.</summary>
    internal long Idle { get; private set; }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Idle = this.Status("VmRSS");
    }

    /// <summary>Takes feeds from a directory, and waits until findings rest on them.</summary>
    internal async Task ImportAsync(FeedsInTest feeds, params string[] options)
    {
        var finished = await TryImportAsync(feeds, options);
        Assert.True(finished.Code == 0, $"{finished.Output}\n{finished.Errors}");
        await EvaluatedAsync();
    }

    internal Task<Finished> TryImportAsync(FeedsInTest feeds, params string[] options) =>
        RunningWharf.RunAsync(["feeds", "import", feeds.Directory, "--data", DataDirectory, .. options], DataDirectory);

    internal Task EvaluatedAsync() => Poll.UntilAsync(async () => await CountAsync("SELECT count(*) FROM feed WHERE evaluated_key IS NULL OR evaluated_key <> storage_key") == 0
        && await CountAsync("SELECT count(*) FROM finding_news") == 0, TimeSpan.FromMinutes(1));

    /// <summary>Waits until an image is no longer queued; its report.</summary>
    internal static async Task<JsonNode> ScannedAsync(HttpClient client, string repository, Digest manifest, string query = "")
    {
        JsonNode? report = null;
        await Poll.UntilAsync(async () =>
        {
            report = JsonNode.Parse((await client.ReadAsync($"/api/v1/repository/{repository}/manifest/{manifest}/vulnerabilities{query}")).Is(200).Body)!;
            return (string?)report["status"] != "queued";
        }, TimeSpan.FromMinutes(1));
        return report!;
    }

    internal async Task<long> CountAsync(string sql)
    {
        await using var database = await OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }

    internal async Task<int> RunAsync(string sql)
    {
        await using var database = await OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A digest as SQL has it.</summary>
    internal string Sql(Digest digest) => Database is null ? $"x'{Convert.ToHexString(digest.Span)}'" : $"'\\x{Convert.ToHexString(digest.Span)}'::bytea";

    /// <summary>Has what waits for another attempt tried at once.</summary>
    internal Task HastenAsync() => RunAsync("UPDATE scan SET due_ms = 0 WHERE due_ms IS NOT NULL");
}

/// <summary>A directory of feeds that a test writes.</summary>
internal sealed class FeedsInTest : IDisposable
{
    private readonly DirectoryInfo _at = System.IO.Directory.CreateTempSubdirectory("wharf-feeds-");

    public string Directory => _at.FullName;

    /// <summary>OSV.dev's zip of an ecosystem, with these records.</summary>
    public FeedsInTest Osv(string ecosystem, params string[] records)
    {
        var path = Path.Join(_at.FullName, "osv", ecosystem, "all.zip");
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        for (var i = 0; i < records.Length; i++)
        {
            using var entry = zip.CreateEntry($"{i}.json").Open();
            entry.Write(Encoding.UTF8.GetBytes(records[i]));
        }
        return this;
    }

    public FeedsInTest Text(string name, string content)
    {
        var path = Path.Join(_at.FullName, name);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return this;
    }

    /// <summary>A record of a package: affected from the first version to without the fixed one.</summary>
    public static string Record(string id, string cve, string ecosystem, string name, string fixedIn, string severity = "HIGH") => $$"""
        {"id":"{{id}}","aliases":["{{cve}}"],"summary":"Something is wrong","modified":"2026-01-01T00:00:00Z","database_specific":{"severity":"{{severity}}"},
         "affected":[{"package":{"ecosystem":"{{ecosystem}}","name":"{{name}}"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"{{fixedIn}}"}]}]}]}
        """;

    public void Dispose() => _at.Delete(recursive: true);
}
